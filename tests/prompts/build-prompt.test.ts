import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildPrompt, createTranscriptEntry, type Transcript } from '../../src/prompts/build-prompt.ts'
import { fitEntries } from '../../src/prompts/fit-budget.ts'
import { persona } from '../support/test-services.ts'

const base = { task: 'Write f().', phase: 'rebut', contextTokens: null, answerTokens: null } as const

function transcript(...rounds: readonly (readonly [agent: string, text: string])[][]): Transcript {
  return rounds.reduce<Transcript>(
    (before, said, i) => ({
      said: said.map(([agent, text]) => createTranscriptEntry(`run/${agent}#${i + 1}`, agent, 'propose', i + 1, text)),
      before,
    }),
    null,
  )
}

test('what agents share comes first and is the same to the byte; what is their own comes after the boundary', () => {
  const view = {
    kind: 'transcript',
    transcript: transcript([
      ['a', 'one'],
      ['b', 'two'],
    ]),
  } as const
  const [first, second] = ['a', 'b'].map((id) => buildPrompt({ ...base, persona: persona(id), view }).at(-1)?.parts ?? [])
  const shared = first?.findIndex((part) => part.source === 'boundary') ?? -1
  expect(first?.slice(0, shared + 1)).toEqual(second?.slice(0, shared + 1))
  expect(first?.map((part) => part.source)).toEqual(['task', 'turn:run/a#1', 'turn:run/b#1', 'boundary', 'persona:a'])
})

test('a blind draft sees the task and nothing else', () => {
  const parts = buildPrompt({ ...base, phase: 'draft', persona: persona('a'), view: { kind: 'blank' } }).at(-1)?.parts
  expect(parts?.map((part) => part.source)).toEqual(['task', 'boundary', 'persona:a'])
})

test('where the window is small the oldest is given up first, and the reader’s own words last', () => {
  const long = 'x'.repeat(3_000)
  const said = transcript(
    [
      ['a', `own ${long}`],
      ['b', `old ${long}`],
    ],
    [['b', `new ${long}`]],
  )
  const parts = buildPrompt({
    ...base,
    persona: persona('a'),
    contextTokens: 4_096,
    answerTokens: 1_024,
    view: { kind: 'transcript', transcript: said },
  }).at(-1)?.parts
  const turns = parts?.filter((part) => part.source.startsWith('turn:')).map((part) => [part.source, part.text.length < 3_000])
  expect(turns).toEqual([
    ['turn:run/a#1', false],
    ['turn:run/b#2', false],
  ])
})

test('what is kept never exceeds the budget, keeps its order, and is a whole or says that it was cut', () => {
  const entries = fc.array(fc.record({ block: fc.string({ maxLength: 400 }), own: fc.boolean() }), { maxLength: 20 })
  fc.assert(
    fc.property(entries, fc.nat(2_000), (list, chars) => {
      const fitted = fitEntries([...list].reverse(), chars, (entry) => entry.own)
      const places = fitted.map(({ entry }) => list.indexOf(entry))
      expect(fitted.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThanOrEqual(chars)
      expect(places).toEqual([...places].sort((a, b) => a - b))
      for (const { entry, text } of fitted) expect(text === entry.block || text.includes('cut to fit')).toBe(true)
    }),
  )
})
