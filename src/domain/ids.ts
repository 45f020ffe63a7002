/** Names things have in a run. All are plain strings that are safe as file names and stable across replays. */

/** `<base32 time><base32 random>`, 26 characters, sorts by creation time. The last four, upper-case, are its short form. */
export type RunId = string
/** A persona's id as used in a run; unique within the run. */
export type AgentId = string
/** Path of an actor in its run, e.g. `run/coder`. Never an XState session id. */
export type ActorPath = string
/** `<actor path>#<ordinal>`, e.g. `run/coder#3`: deterministic, and the idempotency key of the effect's result. */
export type EffectId = string

export const ROOT_ACTOR = 'run'

/** Returns the path of an agent's actor. */
export function agentPath(agent: AgentId): ActorPath {
  return `${ROOT_ACTOR}/${agent}`
}

/** Returns the effect id of the `ordinal`-th request (from 1) of the actor at `path`. */
export function effectId(path: ActorPath, ordinal: number): EffectId {
  return `${path}#${ordinal}`
}

/** Returns the short, speakable form of a run id: its last four characters, upper-case. */
export function shortRunId(id: RunId): string {
  return id.slice(-4).toUpperCase()
}
