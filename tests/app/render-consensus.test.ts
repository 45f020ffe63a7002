import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ArtifactRun, addSpec, createRoot, program, runWithArtifacts, SAID } from './artifact-run.ts'
import { type Consensus, scoresByHand } from './decision-by-hand.ts'

const root = createRoot()
afterAll(() => root.remove())

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe('consensus.json of a pool with two behaviours, a duplicate and a program that does not load', () => {
  let run: ArtifactRun
  let consensus: Consensus
  beforeAll(async () => {
    const said = {
      ...SAID,
      architect: program('boom'),
      coder: program('a + b'),
      perf_tweaker: program('a + b'),
      reviewer: program('b + a'),
      bug_hunter: program('a - b'),
    }
    run = await runWithArtifacts(root.path, {
      said,
      spec: addSpec(['architect', 'bug_hunter', 'coder', 'perf_tweaker', 'reviewer']),
    })
    consensus = run.json<Consensus>('consensus.json')
  })

  test('lets every score be made again by hand', () => {
    const byHand = scoresByHand(consensus).score
    const live = consensus.decision.ranking.filter(({ isLive }) => isLive)
    expect(live.length).toBeGreaterThan(1)
    expect(Object.keys(byHand).sort()).toEqual(live.map(({ id }) => id).sort())
    for (const { id, score } of live) expect(byHand[id]).toBeCloseTo(score ?? Number.NaN, 9)
  })

  test('lets the confidence be made again by hand', () => {
    const { decision } = consensus
    const winner = decision.evidence.candidates.indexOf(decision.winner ?? '')
    const share = ({ passed, total }: { passed: number; total: number }): number => passed / total
    const agreeing = sum(decision.evidence.counts.map((count, j) => count * (decision.evidence.agreement[winner]?.[j] ?? 0)))
    const soft = agreeing / decision.agreement.total
    const votes = decision.ranking.find(({ id }) => id === decision.winner)?.votes ?? 0
    const power =
      4.37 * share(decision.examples) + 1.1 * share(decision.assertions) + 1.87 * soft + (0.62 * Math.min(votes, 5)) / 5 - 5.01
    expect(decision.confidence.uncapped).toBeCloseTo(1 / (1 + Math.exp(-power)), 9)
    expect(consensus.confidence).toBe(
      Math.min(decision.confidence.uncapped ?? 1, ...decision.confidence.caps.map(({ at }) => at)),
    )
  })

  test('shows each call, what it should give, and what each candidate gave', () => {
    const { plan, execution } = consensus
    expect(plan?.calls.slice(0, 4)).toEqual(['add(1, 2)', 'add(0, 5)', 'add(2, 2)', 'add(-1, 1)'])
    expect(plan?.examples.map(({ call, expected, writer }) => [call, expected, writer])).toEqual([
      [0, '3', null],
      [1, '5', null],
    ])
    expect(plan?.assertions.map(({ call, expected, writer }) => [call, expected, writer])).toEqual([
      [2, '4', 'tester'],
      [3, '0', 'tester'],
    ])
    expect(plan?.rejected).toEqual([{ source: 'other(1) == 1', reason: expect.any(String), writer: 'tester' }])
    expect([execution?.driver, execution?.isolation, execution?.policy_hash]).toEqual(['bwrap', 'full', 'p0licy'])
    const row = (id: string) => execution?.rows.find(({ candidate }) => candidate === id)
    expect(row('coder.1')?.outcomes.slice(0, 2)).toEqual(['3', '5'])
    expect(row('architect.1')).toEqual({ candidate: 'architect.1', load: 'NameError: boom', outcomes: [] })
  })

  test('names the winner, its text, the dissent, and who could not be used', () => {
    expect(consensus).toMatchObject({
      method: 'execution-agreement',
      winner: { candidate: 'coder.1', agent: 'coder', model: 'mock/mock' },
      cached: false,
      evidence_grade: 'verified',
      code_quality: null,
      syntax_valid: true,
      consensus: 'def add(a, b):\n    return a + b\n',
    })
    expect(consensus.candidates.find(({ id }) => id === 'architect.1')?.is_live).toBe(false)
    expect(consensus.dissent.map(({ agent }) => agent)).toContain('bug_hunter')
    expect(consensus.candidates.map(({ output_sha }) => output_sha?.length)).toEqual(consensus.candidates.map(() => 64))
  })
})

test('when no program loads, none is called live and the report does not say that one was chosen', async () => {
  const boom = program('boom')
  const run = await runWithArtifacts(root.path, { said: { architect: boom, bug_hunter: boom, coder: boom } })
  const consensus = run.json<Consensus>('consensus.json')
  expect([consensus.method, consensus.consensus, consensus.candidates.map((one) => one.is_live)]).toEqual([null, null, [false]])
  const report = run.read('report.md')
  expect(report).toContain('No program was chosen.')
  expect(report).toContain('- Grade: unverified: no program could be loaded and called')
  expect(report).toContain('No program is called a solution: no candidate loads in the sandbox.')
  expect(report).not.toContain('was chosen without')
})

test('a program in a language without a grammar has a syntax nobody checked', async () => {
  const cobol = '```cobol\n       IDENTIFICATION DIVISION.\n       PROGRAM-ID. ADD.\n```\n'
  const run = await runWithArtifacts(root.path, {
    isExecuted: false,
    said: { architect: cobol, bug_hunter: cobol, coder: cobol },
  })
  const consensus = run.json<Consensus>('consensus.json')
  expect([consensus.winner.candidate, consensus.syntax_valid]).toEqual(['architect.1', null])
})
