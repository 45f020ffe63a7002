import { meetsExpectation } from '../consensus/check.ts'
import { withinPart } from '../consensus/tolerance.ts'
import type { ScoredTask } from '../domain/task.ts'
import type { Sandbox } from '../ports/sandbox.ts'

/** Floats may differ by this much, absolutely or relatively. */
const TOLERANCE = withinPart(1e-9)

/**
 * Returns whether `program` meets every hidden check of `task`, each a call of one session of the sandbox; expected values
 * never enter it. Throws `NO_SANDBOX` where nothing isolates.
 */
export async function passesHiddenChecks(task: ScoredTask, program: string, sandbox: Sandbox): Promise<boolean> {
  const { language, entryPoint, hidden } = task
  const session = await sandbox.open({ language, code: program, entryPoint, seed: 0 })
  try {
    if ((await session.load()).kind !== 'loaded') return false
    const outcomes = await session.calls(
      hidden.map(({ call }) => call),
      { stopAfterTimeouts: 1 },
    )
    return hidden.every(({ expected }, i) => {
      const outcome = outcomes[i]
      return (
        outcome !== undefined && meetsExpectation(outcome, { kind: 'equals', value: expected, tolerance: TOLERANCE }, language)
      )
    })
  } finally {
    await session.close()
  }
}
