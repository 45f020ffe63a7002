import { expect, test } from 'vitest'
import { BACKENDS } from '../../src/backends/registry.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'

test('every kind makes a backend of that kind', async () => {
  const server = { id: 'it', url: 'http://127.0.0.1:1', clock: createSystemClock() }
  const made = [
    await BACKENDS.ollama(server),
    await BACKENDS.lmstudio(server),
    await BACKENDS.vllm(server),
    await BACKENDS.llamacpp(server),
    await BACKENDS.openai(server),
    await BACKENDS.mock({ id: 'it' }),
    await BACKENDS.replay({ id: 'it', recordings: [] }),
  ]
  expect(made.map((backend) => `${backend.kind} ${backend.id}`).sort()).toEqual(
    Object.keys(BACKENDS)
      .map((kind) => `${kind} it`)
      .sort(),
  )
})
