import { profilePool } from '../actors/profile-pool.ts'
import { codeBleuWeights, listWeights, toCodeBleuSettings } from '../consensus/code-bleu-settings.ts'
import { type PoolProgram, poolLikeness } from '../consensus/pool-likeness.ts'
import type { CodeBleuConfig } from '../domain/code-bleu-config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import type { ModelInfo } from '../domain/model.ts'
import type { Persona } from '../domain/persona.ts'
import type { ScoredTask } from '../domain/task.ts'
import type { Judgement } from '../machines/judgement.ts'
import { judge } from '../machines/judging.ts'
import type { SyntaxParser } from '../ports/syntax-parser.ts'
import { strengthOf } from '../selection/strongest-model.ts'
import { createArtifactTools } from './artifact-tools.ts'
import type { Conductor } from './compose.ts'
import { passesHiddenChecks } from './run-hidden-checks.ts'
import { solveTask } from './solve-task.ts'

/*
 * How weights of CodeBLEU are fitted. Invariants:
 * 1. A run is decided by the code that decides runs, from its own records; only the likeness is measured anew.
 * 2. A run that abstains, or has no program, is not solved.
 * 3. Weights are fitted on every other task and judged on those in between.
 * 4. Weights that solve no more of the tasks fitted on than those in use are not proposed.
 */

/** One recorded run: what it was judged by, and its programs in the order of `gate.candidates`. */
export interface CalibrationPool {
  readonly task: string
  readonly judgement: Pick<Judgement, 'execution' | 'gate' | 'plan' | 'suite'>
  readonly programs: readonly PoolProgram[]
  readonly models: readonly ModelInfo[]
  /** Ids of the candidates that meet the hidden checks of the task. */
  readonly right: ReadonlySet<string>
}

/** Weights as they are written down: three numbers (n-gram, syntax, token) or four. */
export type WeightList = readonly number[]

export interface Calibration {
  readonly tasks: number
  /** Tasks no run could be replayed of. */
  readonly unrecorded: number
  /** Tasks where some weights pick another program than others. */
  readonly moved: number
  /** Of those, tasks where one of these programs is right and one is not: only there can weights matter. */
  readonly open: number
  readonly current: WeightList
  readonly fitted: WeightList
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
 * Replays the recorded run of each task with no model and fits the weights of `config`, whose other settings hold throughout.
 * `conductor` answers from recordings. Throws `USAGE` where no task has a recorded run, `NO_SANDBOX` where hidden checks
 * cannot be run.
 */
export async function calibrate(
  tasks: readonly ScoredTask[],
  personas: readonly Persona[],
  conductor: Conductor,
  config: CodeBleuConfig,
): Promise<Calibration> {
  const { parser } = createArtifactTools()
  const pools: CalibrationPool[] = []
  for (const task of tasks) {
    const { context, events } = await solveTask(task, personas, conductor)
    const { judgement, models } = context
    const isMissing = events.some((event) => event.type === 'turn.failed' && event.code === 'replay-miss')
    if (isMissing || judgement === null) continue
    pools.push(await poolOf(task, { judgement, models }, conductor, parser, config))
  }
  if (pools.length === 0) {
    throw new CodeConductorError('USAGE', `the recorded answers hold a run of none of the tasks (${tasks.length})`, {
      hint: 'codeconductor calibrate --recordings FILE --tasks DIR',
    })
  }
  const current = config.weights ?? listWeights(toCodeBleuSettings(config).weights)
  return { ...fitWeights(pools, current), unrecorded: tasks.length - pools.length }
}

/**
 * Returns what fitting on the even places of `pools` gains on the odd ones. Tried are all ways to share four quarters among
 * as many parts as `current` has. Pure. O(pools × weights) decisions.
 */
export function fitWeights(pools: readonly CalibrationPool[], current: WeightList): Omit<Calibration, 'unrecorded'> {
  const tried = [current, ...sharesOf(STEPS, current.length).map((shares) => shares.map((share) => share / STEPS))]
  const runs = pools.map((pool) => {
    const winners = tried.map((weights) => winnerUnder(pool, weights))
    return { winners, solved: winners.map((winner) => winner !== null && pool.right.has(winner)) }
  })
  const solvedBy = (place: number, parity: 0 | 1): number =>
    runs.filter(({ solved }, i) => i % 2 === parity && solved[place] === true).length
  const best = tried.reduce((most, _, place) => (solvedBy(place, 0) > solvedBy(most, 0) ? place : most), 0)
  const score = (parity: 0 | 1): CalibrationScore => ({
    tasks: pools.filter((_, i) => i % 2 === parity).length,
    current: solvedBy(0, parity),
    fitted: solvedBy(best, parity),
  })
  return {
    tasks: pools.length,
    moved: runs.filter(({ winners }) => new Set(winners).size > 1).length,
    open: runs.filter(({ solved }) => new Set(solved).size > 1).length,
    current,
    fitted: tried[best] ?? current,
    fittedOn: score(0),
    heldOut: score(1),
  }
}

/** Returns every list of `length` whole numbers from 0 that sums to `total`. */
function sharesOf(total: number, length: number): number[][] {
  if (length <= 1) return [[total]]
  return Array.from({ length: total + 1 }, (_, i) => total - i).flatMap((first) =>
    sharesOf(total - first, length - 1).map((rest) => [first, ...rest]),
  )
}

/** Returns the candidate the run would end with under `weights`; null if it abstains. */
function winnerUnder({ judgement, programs, models }: CalibrationPool, weights: WeightList): string | null {
  const likeness = poolLikeness(programs, codeBleuWeights(weights, 'codebleu.weights'))
  const { likeness: _, ...gate } = judgement.gate
  const measured = likeness === null ? gate : { ...gate, likeness }
  const { plan, execution, suite } = judgement
  return judge(measured, plan, execution, suite, (model) => strengthOf(model, models)).verdict.winner
}

async function poolOf(
  task: ScoredTask,
  { judgement, models }: { readonly judgement: Judgement; readonly models: readonly ModelInfo[] },
  conductor: Conductor,
  parser: SyntaxParser,
  config: CodeBleuConfig,
): Promise<CalibrationPool> {
  const { candidates } = judgement.gate
  const { programs } = await profilePool(candidates, parser, toCodeBleuSettings(config))
  const right = new Set<string>()
  for (const { id, program } of candidates) if (await passesHiddenChecks(task, program, conductor.sandbox)) right.add(id)
  return { task: task.id, judgement, programs, models, right }
}
