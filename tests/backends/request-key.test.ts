import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalJson, requestKey } from '../../src/backends/request-key.ts'
import { chatRequest } from '../support/chat-request.ts'

test('the key does not depend on ids, deadlines, signals, window, order of fields or absent fields', () => {
  const request = chatRequest()
  const other = chatRequest({
    requestId: 'x',
    connectTimeoutMs: 1,
    contextTokens: null,
    signal: AbortSignal.abort(),
    sampling: { maxTokens: 64, seed: 7, temperature: 0 },
  })
  expect(requestKey(other)).toBe(requestKey(request))
  expect(requestKey(request)).toMatch(/^[0-9a-f]{64}$/)
})

test('the key changes with the model, a message, its role, their order and each sampling value', () => {
  const [system, user] = [
    { role: 'system', content: 'a' },
    { role: 'user', content: 'b' },
  ] as const
  const keys = [
    { model: 'm', messages: [system, user], sampling: {} },
    { model: 'n', messages: [system, user], sampling: {} },
    { model: 'm', messages: [user, system], sampling: {} },
    { model: 'm', messages: [{ ...system, role: 'user' as const }, user], sampling: {} },
    { model: 'm', messages: [system, { ...user, content: 'b ' }], sampling: {} },
    { model: 'm', messages: [system, user], sampling: { seed: 0 } },
    { model: 'm', messages: [system, user], sampling: { seed: 1 } },
  ].map(requestKey)
  expect(new Set(keys).size).toBe(keys.length)
})

test('canonical JSON is JSON of the same value, and one for all orders of fields', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => {
      expect(canonicalJson(Object.fromEntries(Object.entries(record).reverse()))).toBe(canonicalJson(record))
    }),
  )
  expect(canonicalJson({ b: 1, a: undefined, c: [undefined] })).toBe('{"b":1,"c":[null]}')
})
