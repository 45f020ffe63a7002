import { describe, expect, test } from 'vitest'
import { selectAgents } from '../../src/config/select-agents.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'
import { Persona } from '../../src/domain/persona.ts'

const personas = ['architect', 'coder', 'tester'].map((id) => Persona.parse({ id, title: id, style: 's' }))
const [architect, coder] = personas

function failure(ids: string[], models: Record<string, string> = {}): { code: string; message: string } {
  try {
    selectAgents(personas, ids, models)
  } catch (error) {
    if (error instanceof CodeConductorError) return { code: error.code, message: error.message }
  }
  throw new Error('nothing was refused')
}

describe('the agents of a run', () => {
  test('are the personas named, in that order, each with the model asked for', () => {
    expect(selectAgents(personas, ['coder', 'architect'], { coder: 'qwen:1.5b' })).toEqual([
      { id: 'coder', persona: coder, model: 'qwen:1.5b' },
      { id: 'architect', persona: architect, model: null },
    ])
  })

  test.each([
    [['codr'], {}, 'AGENT_UNKNOWN', 'no persona is called "codr" (did you mean "coder"?)'],
    [['zzz'], {}, 'AGENT_UNKNOWN', 'no persona is called "zzz"; there are architect, coder, tester'],
    [['constructor'], {}, 'AGENT_UNKNOWN', 'no persona is called "constructor"; there are architect, coder, tester'],
    [['coder'], { tester: 'm' }, 'AGENT_UNKNOWN', '--model names the agent "tester", which does not take part; there are coder'],
    [['coder', 'coder'], {}, 'USAGE', 'the agent "coder" is named twice'],
    [[], {}, 'USAGE', 'no agent is named'],
  ])('%j with models %j are refused', (ids, models, code, message) => {
    expect(failure(ids, models as Record<string, string>)).toEqual({ code, message })
  })
})
