import { createEffectLogic, type EffectActorRef } from '../machines/effect.ts'
import type {
  ExecuteRequest,
  ExecuteResult,
  GateRequest,
  GateResult,
  GatherRequest,
  GatherResult,
  ModelAnswer,
  ModelRequest,
  SuiteRequest,
  SuiteResult,
} from '../machines/effects.ts'
import { personaMachine } from '../machines/persona-machine.ts'
import { runMachine } from '../machines/run-machine.ts'
import { shortHash } from './digest.ts'

/** Who is told that an effect of a run was asked for, or given up. */
export interface EffectHost {
  begin(self: EffectActorRef, name: string, input: unknown): void
  end(self: EffectActorRef): void
}

export type BoundRunMachine = typeof runMachine

/** The machines with their effects bound, built once and shared by all runs of a process. */
export interface RunRuntime {
  readonly machine: BoundRunMachine
  /** Hash of the structure of the machines: states, transitions and the names of actions, guards and actors. */
  readonly machineHash: string
  /** Tells which host serves the actors of `system`; called once per run, before it starts. */
  adopt(system: object, host: EffectHost): void
}

/** Returns a runtime. Machines name effects; here each name is bound to the run's own host, live or replaying alike. */
export function createRunRuntime(): RunRuntime {
  const hosts = new WeakMap<object, EffectHost>()
  const hostOf = (self: EffectActorRef): EffectHost => {
    const host = hosts.get(self.system)
    if (host === undefined) throw new Error('this actor system belongs to no run')
    return host
  }
  const bind = <TInput extends object, TOutput>(name: string) =>
    createEffectLogic<TInput, TOutput>(
      (self, input) => hostOf(self).begin(self, name, input),
      (self) => hostOf(self).end(self),
    )
  const persona = personaMachine.provide({ actors: { model: bind<ModelRequest, ModelAnswer>('model') } })
  const machine = runMachine.provide({
    actors: {
      persona,
      gather: bind<GatherRequest, GatherResult>('gather'),
      gate: bind<GateRequest, GateResult>('gate'),
      execute: bind<ExecuteRequest, ExecuteResult>('execute'),
      suite: bind<SuiteRequest, SuiteResult>('suite'),
    },
  })
  return { machine, machineHash: hashMachines(), adopt: (system, host) => void hosts.set(system, host) }
}

function hashMachines(): string {
  const configs = [runMachine.config, personaMachine.config]
  return shortHash(JSON.stringify(configs, (_key, value: unknown) => (typeof value === 'function' ? 'fn' : value)))
}

/** Returns the path of the actor that asked for the effect: ids from the root down, joined by `/`. */
export function pathOf(ref: EffectActorRef | undefined): string {
  if (ref === undefined) return ''
  const above = pathOf(ref._parent)
  return above === '' ? ref.id : `${above}/${ref.id}`
}
