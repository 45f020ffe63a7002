import { drive, type RunHandle } from './start-run.ts'

/**
 * Wires a run that goes on from a log, as `drive` does, and throws what `begin` throws, after `giveUp`: nobody could ask a
 * handle that never came to anything, and the log would stay held.
 */
export async function driveLog(
  options: Parameters<typeof drive>[0],
  begin: Parameters<typeof drive>[1],
  giveUp: () => Promise<void>,
): Promise<RunHandle> {
  let failure: { readonly error: unknown } | null = null
  const handle = drive(options, (...world) => {
    try {
      return begin(...world)
    } catch (error) {
      failure = { error }
      throw error
    }
  })
  if (failure === null) return handle
  handle.result.catch(() => {})
  await giveUp()
  throw (failure as { readonly error: unknown }).error
}
