import { selectAgents } from '../config/select-agents.ts'
import type { Sampling } from '../domain/message.ts'
import type { Persona } from '../domain/persona.ts'
import { type RunSpec, RunSpec as Spec } from '../domain/run-spec.ts'
import type { Task } from '../domain/task.ts'
import type { Services } from './services.ts'
import { type RunResult, startRun } from './start-run.ts'

/** Who answers tasks that are scored: three who draft by different methods, and one who writes tests blind. */
export const TASK_TEAM: readonly string[] = ['architect', 'coder', 'bug_hunter', 'tester']

/** Sampling of every answer to a task that is scored: the same question has the same answer, as far as a server allows. */
export const TASK_SAMPLING: Sampling = { temperature: 0, maxTokens: 350 }

/** Seed of every such answer, and of the run. */
export const TASK_SEED = 7

/** Returns the run in which the team answers `task`. It is told the prompt and nothing else. */
export function taskSpec(task: Pick<Task, 'prompt'>, personas: readonly Persona[]): RunSpec {
  return Spec.parse({
    prompt: task.prompt,
    agents: selectAgents(personas, TASK_TEAM, {}),
    sampling: TASK_SAMPLING,
    seed: TASK_SEED,
  })
}

/** Has the team answer `task`; returns the run at its end. */
export async function solveTask(
  task: Pick<Task, 'prompt'>,
  personas: readonly Persona[],
  services: Services,
): Promise<RunResult> {
  return (await startRun(taskSpec(task, personas), services)).result
}
