import { toErrorData } from '../domain/errors.ts'
import type { GatherResult } from '../machines/effects.ts'
import type { Executor } from './executor.ts'
import type { ModelPool } from './model-pool.ts'

/** Returns the executor of `gather`: the models this machine can answer with now. */
export function createGatherExecutor(pool: ModelPool): Executor {
  return (_effect, sink, { signal }) => {
    pool.list(signal).then(
      (models) => {
        const result: GatherResult = { models }
        if (models.length > 0) sink.ok(result)
        else
          sink.err({
            code: 'model-not-found',
            message: 'the servers found here list no model that may be used',
            retryable: false,
          })
      },
      (error: unknown) => sink.err(toErrorData(error)),
    )
  }
}
