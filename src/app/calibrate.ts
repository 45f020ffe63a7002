import { type CodeProfile, codeBleu, codeProfile, normaliseCode } from '../consensus/code-bleu.ts'
import { CODE_BLEU_DEFAULTS, type CodeBleuWeights } from '../consensus/code-bleu-settings.ts'
import type { Persona } from '../domain/persona.ts'
import type { ScoredTask } from '../domain/task.ts'
import type { Judgement } from '../machines/judgement.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { createArtifactTools } from './artifact-tools.ts'
import type { Conductor } from './compose.ts'
import { passesHiddenChecks } from './run-hidden-checks.ts'
import { solveTask } from './solve-task.ts'

/*
 * How weights of CodeBLEU are fitted. Invariants:
 * 1. CodeBLEU chooses only among programs that the evidence holds for equal; it never outvotes an example, assertion or vote.
 * 2. Weights are fitted on every other task and judged on those in between.
 * 3. Weights that solve no more than the ones in use are not proposed.
 */

/** A program of a recorded run. */
export interface PoolMember {
  readonly profile: CodeProfile
  /** Answers with this very text. */
  readonly count: number
  /** Whether it meets the hidden checks of its task. */
  readonly isRight: boolean
  /** Whether the evidence puts it first, alone or with others. */
  readonly isFirst: boolean
}

/** The programs of one recorded run. */
export interface CalibrationPool {
  readonly task: string
  readonly members: readonly PoolMember[]
}

export interface Calibration {
  readonly tasks: number
  /** Tasks no run could be replayed of. */
  readonly unrecorded: number
  /** Tasks where the evidence leaves more than one program in the lead. */
  readonly tied: number
  /** Of those, tasks where some of the leading programs are right and some wrong: only there can weights matter. */
  readonly open: number
  readonly current: CodeBleuWeights
  readonly fitted: CodeBleuWeights
  /** Tasks solved of those fitted on, and of those held out. */
  readonly fittedOn: CalibrationScore
  readonly heldOut: CalibrationScore
}

export interface CalibrationScore {
  readonly tasks: number
  readonly current: number
  readonly fitted: number
}

const STEPS = 4

/**
 * Replays the recorded run of each task with no model and fits CODEBLEU_WEIGHTS on what came of it. `conductor` answers from
 * recordings. Throws `NO_SANDBOX` where hidden checks cannot be run.
 */
export async function calibrate(
  tasks: readonly ScoredTask[],
  personas: readonly Persona[],
  conductor: Conductor,
  current: CodeBleuWeights = CODE_BLEU_DEFAULTS.weights,
): Promise<Calibration> {
  const { parser } = createArtifactTools()
  const pools: CalibrationPool[] = []
  for (const task of tasks) {
    const { context, events } = await solveTask(task, personas, conductor)
    const isMissing = events.some((event) => event.type === 'turn.failed' && event.code === 'replay-miss')
    if (isMissing || context.judgement === null) continue
    pools.push({ task: task.id, members: await membersOf(task, context.judgement, conductor, parser) })
  }
  return { ...fitWeights(pools, current), unrecorded: tasks.length - pools.length }
}

/** Returns what fitting on the even places of `pools` gains on the odd ones. Pure. */
export function fitWeights(pools: readonly CalibrationPool[], current: CodeBleuWeights): Omit<Calibration, 'unrecorded'> {
  const even = pools.filter((_, i) => i % 2 === 0)
  const odd = pools.filter((_, i) => i % 2 === 1)
  let fitted = current
  let most = solvedBy(even, current)
  for (const weights of gridOfWeights()) {
    const solved = solvedBy(even, weights)
    if (solved <= most) continue
    fitted = weights
    most = solved
  }
  const leaders = pools.map(({ members }) => members.filter(({ isFirst }) => isFirst))
  return {
    tasks: pools.length,
    tied: leaders.filter((first) => first.length > 1).length,
    open: leaders.filter((first) => new Set(first.map(({ isRight }) => isRight)).size > 1).length,
    current,
    fitted,
    fittedOn: { tasks: even.length, current: solvedBy(even, current), fitted: most },
    heldOut: { tasks: odd.length, current: solvedBy(odd, current), fitted: solvedBy(odd, fitted) },
  }
}

/** Every way to share four quarters among the four parts of the measure. */
function gridOfWeights(): CodeBleuWeights[] {
  const grid: CodeBleuWeights[] = []
  for (let ngram = STEPS; ngram >= 0; ngram--)
    for (let weighted = STEPS - ngram; weighted >= 0; weighted--)
      for (let ast = STEPS - ngram - weighted; ast >= 0; ast--) {
        const flow = STEPS - ngram - weighted - ast
        grid.push({ ngram: ngram / STEPS, weighted: weighted / STEPS, ast: ast / STEPS, flow: flow / STEPS, token: 0 })
      }
  return grid
}

function solvedBy(pools: readonly CalibrationPool[], weights: CodeBleuWeights): number {
  return pools.filter(({ members }) => chooseByLikeness(members, weights)?.isRight === true).length
}

/** Returns of the leading programs the one most like all others; the earlier one where two are alike; null for none. */
function chooseByLikeness(members: readonly PoolMember[], weights: CodeBleuWeights): PoolMember | null {
  let best: PoolMember | null = null
  let most = Number.NEGATIVE_INFINITY
  for (const member of members) {
    if (!member.isFirst) continue
    const likeness = members.reduce(
      (sum, other) =>
        sum + (other === member ? member.count - 1 : other.count * codeBleu(member.profile, other.profile, weights).score),
      0,
    )
    if (likeness <= most + 1e-9) continue
    best = member
    most = likeness
  }
  return best
}

async function membersOf(
  task: ScoredTask,
  { gate, decision }: Judgement,
  conductor: Conductor,
  parser: SyntaxParser,
): Promise<PoolMember[]> {
  const [first] = decision.ranking
  const members: PoolMember[] = []
  for (const contender of decision.ranking) {
    const candidate = gate.candidates.find(({ id }) => id === contender.id)
    if (first === undefined || candidate === undefined) continue
    const text = normaliseCode(candidate.program)
    members.push({
      profile: codeProfile(text, await parser.parse(candidate.language, text), CODE_BLEU_DEFAULTS),
      count: contender.count,
      isRight: await passesHiddenChecks(task, candidate.program, conductor.sandbox),
      isFirst: (['isLive', 'parses', 'examplesPassed', 'assertionsPassed', 'votes'] as const).every(
        (fact) => contender[fact] === first[fact] || (decision.method === 'structure-medoid' && fact === 'votes'),
      ),
    })
  }
  return members
}
