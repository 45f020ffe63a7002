import type { Candidate, CandidateFile } from '../../src/domain/candidate.ts'

/** A candidate for tests, of `files`. */
export function sampleCandidate(files: readonly Partial<CandidateFile>[], change: Partial<Candidate> = {}): Candidate {
  return {
    id: 'coder.1',
    agent: 'coder',
    round: 1,
    turn: 'run/coder#1',
    model: 'm',
    duplicates: [],
    models: ['m'],
    language: 'python',
    files: files.map((file) => ({ path: null, language: 'python', code: 'x = 1\n', ...file })),
    main: 0,
    program: 'def add(): pass',
    codeHash: 'h',
    parseError: null,
    nodes: 1,
    isCut: false,
    warnings: [],
    ...change,
  }
}
