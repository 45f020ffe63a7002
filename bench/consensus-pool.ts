import { createHash } from 'node:crypto'
import { profileText } from '../src/actors/profile-pool.ts'
import { normaliseCode } from '../src/consensus/code-bleu.ts'
import { CODE_BLEU_DEFAULTS } from '../src/consensus/code-bleu-settings.ts'
import type { EvidenceSources, WriterAssertions } from '../src/consensus/plan-evidence.ts'
import { planEvidence } from '../src/consensus/plan-evidence.ts'
import { type PoolProgram, poolLikeness } from '../src/consensus/pool-likeness.ts'
import { areTied, type Pool, rankLive } from '../src/consensus/rank-contenders.ts'
import { similarityMatrix, subtreeFeatures } from '../src/consensus/subtree-similarity.ts'
import type { ReliabilityRule } from '../src/consensus/writer-reliability.ts'
import type { SyntaxParser } from '../src/ports/syntax-parser.ts'
import type { RecordedCandidate, RecordedTask } from './consensus-data.ts'
import type { BenchExecutor } from './consensus-executor.ts'

/** A pool with its programs ready to be compared, so that likeness can be measured again in a part of it. */
export interface BenchPool extends Pool {
  readonly programs: readonly PoolProgram[]
}

/** Makes pools of recorded candidates: plans, executes, compares structure. Knows nothing of verdicts. */
export interface PoolMaker {
  make(
    task: RecordedTask,
    candidates: readonly RecordedCandidate[],
    prompt: string,
    written: readonly WriterAssertions[],
    options?: { sources?: EvidenceSources; isFresh?: boolean },
  ): Promise<BenchPool>
}

interface Structure {
  readonly features: ReturnType<typeof subtreeFeatures>
  readonly nodes: number
  readonly parses: boolean
  readonly program: PoolProgram
}

export function createPoolMaker(executor: BenchExecutor, parser: SyntaxParser): PoolMaker {
  const known = new Map<string, Structure>()

  async function structureOf(program: string, isFresh: boolean): Promise<Structure> {
    const found = isFresh ? undefined : known.get(program)
    if (found !== undefined) return found
    const tree = await parser.parse('python', program)
    const features = tree === null ? new Map<number, number>() : subtreeFeatures(tree)
    const nodes = [...features.values()].reduce((total, count) => total + count, 0)
    const profile = await profileText(normaliseCode(program), 'python', parser, CODE_BLEU_DEFAULTS)
    const parses = tree !== null && tree.errorCount === 0
    const structure = { features, nodes, parses, program: { profile, count: 1 } }
    known.set(program, structure)
    return structure
  }

  return {
    make: async (task, candidates, prompt, written, options = {}) => {
      const isFresh = options.isFresh === true
      const plan = planEvidence({ prompt, entryPoint: task.entryPoint, language: 'python' }, written, options.sources)
      const programs = candidates.map((candidate) => candidate.program)
      const rows = await executor.execute(programs, task.entryPoint, plan.calls, isFresh)
      const structures: Structure[] = []
      for (const program of programs) structures.push(await structureOf(program, isFresh))
      const compared = structures.map((structure) => structure.program)
      return {
        plan,
        programs: compared,
        matrix: rows.map((row, index) => ({ ...row, candidate: candidates[index]?.id ?? '' })),
        similarity: similarityMatrix(structures.map((structure) => structure.features)),
        likeness: poolLikeness(compared, CODE_BLEU_DEFAULTS.weights) ?? [],
        suite: [],
        contenders: candidates.map((candidate, index) => ({
          id: candidate.id,
          agent: candidate.agent,
          model: candidate.model,
          models: [candidate.model],
          count: 1,
          codeHash: createHash('sha256').update(candidate.program).digest('hex'),
          nodes: structures[index]?.nodes ?? 0,
          parses: structures[index]?.parses ?? false,
        })),
      }
    },
  }
}

/** Returns the candidates (indices) that our method puts first, equals included; all where none is live. */
export function ourPick(pool: Pool, rule?: ReliabilityRule): number[] {
  const ranking = rankLive(pool, rule)
  const [first] = ranking.order
  if (first === undefined) return pool.contenders.map((_, index) => index)
  return ranking.order.filter((at) => areTied(ranking, first, at)).map((at) => ranking.live[at] ?? -1)
}

/** Returns the pool without its assertions: examples and probes alone. */
export function withoutAssertions(pool: Pool): Pool {
  return { ...pool, plan: { ...pool.plan, assertions: [] } }
}
