import type { ActorLogic, EventObject, NonReducibleUnknown, Snapshot } from 'xstate'
import type { ErrorData } from '../domain/errors.ts'

/** What the engine tells an effect's actor. Text and grants go to the actor's parent instead. */
export type EffectEvent<TOutput> =
  | { readonly type: 'effect.ok'; readonly output: TOutput }
  | { readonly type: 'effect.err'; readonly error: ErrorData }

export type EffectLogic<TInput, TOutput> = ActorLogic<
  Snapshot<TOutput> & { input: TInput },
  EffectEvent<TOutput> & EventObject,
  TInput
>

/** How a machine file names an effect it wants done; `actors/effect-actor` binds the name to the world. */
export function declareEffect<TInput extends NonReducibleUnknown, TOutput>(name: string): EffectLogic<TInput, TOutput> {
  return createEffectLogic(() => {
    throw new Error(`the effect "${name}" is not bound: provide it with bindRunMachine`)
  })
}

/** A reference to the effect's own actor, as much of it as the engine needs. */
export interface EffectActorRef {
  readonly id: string
  readonly _parent?: EffectActorRef | undefined
  readonly system: object
  send(event: { readonly type: string }): void
}

/**
 * Returns the logic of an effect actor: `begin` when it starts, `end` when its state is left before a result came. It
 * touches nothing outside itself; a result reaches it only as an event, so the order of the log is the order of the run.
 */
export function createEffectLogic<TInput extends NonReducibleUnknown, TOutput>(
  begin: (self: EffectActorRef, input: TInput) => void,
  end: (self: EffectActorRef) => void = () => {},
): EffectLogic<TInput, TOutput> {
  return {
    getInitialSnapshot: (_scope, input) => ({ status: 'active', input, output: undefined, error: undefined }),
    start: (snapshot, scope) => begin(scope.self as unknown as EffectActorRef, snapshot.input),
    transition: (snapshot, event, scope) => {
      const kind: string = event.type
      if (kind === 'effect.ok') {
        return { status: 'done', input: snapshot.input, output: (event as { output: TOutput }).output, error: undefined }
      }
      if (kind === 'effect.err') {
        return { status: 'error', input: snapshot.input, output: undefined, error: (event as { error: ErrorData }).error }
      }
      if (kind === 'xstate.stop') {
        end(scope.self as unknown as EffectActorRef)
        return { status: 'stopped', input: snapshot.input, output: undefined, error: undefined }
      }
      return snapshot
    },
    getPersistedSnapshot: (snapshot) => snapshot,
  }
}
