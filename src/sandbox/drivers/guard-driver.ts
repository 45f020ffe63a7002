import { CodeConductorError } from '../../domain/errors.ts'
import type { Driver, Ended, Launched } from './launch.ts'

/** A driver that knows what it has started, so that it can be closed at any time. */
export interface GuardedDriver extends Driver {
  /** True once `dispose` has been called; every launch is refused from then on. */
  isDisposed(): boolean
  /** Ends everything running, waits for launches under way and their ends, then closes the driver. May be called again. */
  dispose(): Promise<void>
}

/**
 * Wraps `driver`. A launch under way uses the driver's descriptors and its mount holder, so those stay until the last one is through;
 * what it started is ended like the rest. A launch after that throws `NO_SANDBOX`; one that the system refused throws `SANDBOX`.
 */
export function guardDriver(driver: Driver): GuardedDriver {
  const launching = new Set<Promise<unknown>>()
  const running = new Set<Launched>()
  const cut = new Set<Launched>()
  let disposing: Promise<void> | null = null

  const disposeOnce = async (): Promise<void> => {
    await Promise.allSettled(launching)
    const all = [...running]
    for (const run of all) {
      cut.add(run)
      run.kill()
    }
    await Promise.all(all.map((run) => run.ended))
    driver.close()
  }
  const start = async (plan: Parameters<Driver['launch']>[0]): Promise<Launched> => {
    const launched = await driver.launch(plan).catch(explainSystemError)
    running.add(launched)
    const ended = launched.ended.then((end): Ended => {
      running.delete(launched)
      return cut.has(launched) ? { ...end, isDisposed: true } : end
    })
    return { ...launched, ended }
  }
  return {
    ...driver,
    launch: (plan) => {
      if (disposing !== null) {
        const hint = 'create another sandbox'
        return Promise.reject(new CodeConductorError('NO_SANDBOX', 'the sandbox was disposed of', { hint }))
      }
      const launch = start(plan)
      launching.add(launch)
      const forget = (): void => void launching.delete(launch)
      launch.then(forget, forget)
      return launch
    },
    isDisposed: () => disposing !== null,
    dispose: () => {
      disposing ??= disposeOnce()
      return disposing
    },
  }
}

/** What the host may have again a moment later. */
const PASSING = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOSPC'])

/** Throws `error` in our own words where the operating system raised it, and as it is otherwise. */
function explainSystemError(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (error instanceof CodeConductorError || typeof code !== 'string') throw error
  throw new CodeConductorError('SANDBOX', `the sandbox could not start a program: ${code}`, {
    cause: error,
    retryable: PASSING.has(code),
  })
}
