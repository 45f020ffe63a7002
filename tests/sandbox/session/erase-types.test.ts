import { expect, test } from 'vitest'
import { createTreeSitterParser } from '../../../src/project/tree-sitter-parser.ts'
import { eraseTypes } from '../../../src/sandbox/session/erase-types.ts'

const parser = createTreeSitterParser()

test('JSX needs a compiler, as an enum does, and is nobody\u2019s syntax error', async () => {
  const reason = 'TypeScript with JSX cannot be run without a compiler'
  const component = 'export function F({ name }: { name: string }) {\n  return <h1>Hello {name}</h1>\n}'
  expect(await eraseTypes(component, parser)).toEqual({ kind: 'not-run', reason })
  expect(await eraseTypes('const f = (): unknown => <><b/></>', parser)).toEqual({ kind: 'not-run', reason })
})

test('what is broken in both ways of reading it is a syntax error', async () => {
  expect(await eraseTypes('const f = (): unknown => <b>', parser)).toEqual({ kind: 'failed', message: expect.any(String) })
  expect(await eraseTypes('const f = (x: ) => x', parser)).toEqual({ kind: 'failed', message: expect.any(String) })
})

test('a cast in angle brackets is no JSX', async () => {
  expect(await eraseTypes('const x = <number>y', parser)).toMatchObject({ kind: 'erased' })
})

test('without a parser nothing is erased, and the reason says so', async () => {
  expect(await eraseTypes('const x = 1', null)).toMatchObject({ kind: 'not-run' })
})
