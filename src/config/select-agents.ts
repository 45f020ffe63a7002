import { CodeConductorError } from '../domain/errors.ts'
import { nearestName } from '../domain/nearest-name.ts'
import type { Persona } from '../domain/persona.ts'
import type { AgentSpec } from '../domain/run-spec.ts'

/**
 * Returns the agents of a run: the personas named by `ids`, in that order, each with the model `models` names for it or
 * null. Throws `AGENT_UNKNOWN`, with the nearest name, for an id no persona has and for a model of an agent that does not
 * take part; `USAGE` for no id at all and for one named twice.
 */
export function selectAgents(
  personas: readonly Persona[],
  ids: readonly string[],
  models: Readonly<Record<string, string>>,
): AgentSpec[] {
  if (ids.length === 0)
    throw new CodeConductorError('USAGE', 'no agent is named', { hint: 'name some with --agents architect,coder' })
  const byId = new Map(personas.map((persona) => [persona.id, persona]))
  const repeated = ids.find((id, i) => ids.indexOf(id) !== i)
  if (repeated !== undefined)
    throw new CodeConductorError('USAGE', `the agent "${shown(repeated)}" is named twice`, {
      hint: 'name each agent once in --agents',
    })
  const modelOf = new Map(Object.entries(models))
  for (const id of modelOf.keys()) {
    if (!ids.includes(id)) throw unknown(`--model names the agent "${shown(id)}", which does not take part`, id, ids)
  }
  return ids.map((id) => {
    const persona = byId.get(id)
    if (persona === undefined) throw unknown(`no persona is called "${shown(id)}"`, id, [...byId.keys()])
    return { id, persona, model: modelOf.get(id) ?? null }
  })
}

function unknown(what: string, id: string, known: readonly string[]): CodeConductorError {
  const suggestion = nearestName(id, known)
  const message = suggestion === null ? `${what}; there are ${known.join(', ')}` : `${what} (did you mean "${suggestion}"?)`
  return new CodeConductorError('AGENT_UNKNOWN', message, {
    hint: 'run `codeconductor personas list` to see the names',
    details: { agent: shown(id), suggestion, known: known.slice(0, 200) },
  })
}

function shown(id: string): string {
  return id.slice(0, 64)
}
