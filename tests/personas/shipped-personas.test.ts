import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadPersonas } from '../../src/config/load-personas.ts'
import { Method } from '../../src/domain/persona.ts'
import { METHOD_TEXT } from '../../src/prompts/method-text.ts'

const directory = join(import.meta.dirname, '../../personas')
const personas = await loadPersonas(directory)

describe('the personas that ship', () => {
  test('are these ten, each in a file of its own name', () => {
    const ids = [
      'api_wrangler',
      'architect',
      'bug_hunter',
      'coder',
      'perf_tweaker',
      'refactorist',
      'reviewer',
      'security_auditor',
      'sql_sage',
      'tester',
    ]
    expect(personas.map(({ id }) => id)).toEqual(ids)
    for (const id of ids) expect(readFileSync(join(directory, `${id}.yaml`), 'utf8')).toMatch(new RegExp(`^id: ${id}$`, 'm'))
  })

  test.each(personas.map((persona) => [persona.id, persona] as const))(
    '%s says one job in few words, for small models',
    (_, persona) => {
      const texts = [persona.title, persona.style, ...persona.rules, persona.instructions || METHOD_TEXT[persona.method]]
      expect(texts.join('\n').length).toBeLessThanOrEqual(420)
      expect(persona.rules.length).toBeLessThanOrEqual(3)
      for (const text of texts) expect(text).toMatch(/^[\x20-\x7e\n]+$/)
    },
  )

  test('draft by eight methods, so that one model gives different programs', () => {
    const drafting = personas.filter(({ roles }) => roles.includes('draft'))
    expect(new Set(drafting.map(({ method }) => method))).toEqual(new Set(Method.options))
    expect(personas.filter(({ roles }) => roles.includes('write_tests')).map(({ id }) => id)).toEqual(['tester'])
  })

  test('name no model, so that any local model will do', () => {
    expect(personas.flatMap(({ models }) => models)).toEqual([])
  })
})

describe('the text of every method', () => {
  test.each(Method.options)('%s is short and never asks for results before the code', (method) => {
    expect(METHOD_TEXT[method].length).toBeLessThanOrEqual(140)
    expect(METHOD_TEXT[method]).not.toMatch(/\b(first|begin)\b.*\b(input|result|example|edge|case)s?\b.*\bthen\b/i)
  })
})
