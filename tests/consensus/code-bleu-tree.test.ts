import { expect, test } from 'vitest'
import { overlap } from '../../src/consensus/code-bleu-bag.ts'
import { subtreeBag } from '../../src/consensus/code-bleu-tree.ts'
import { parsed } from './code-bleu-texts.ts'

async function shapes(text: string, literal = false) {
  const tree = await parsed('python', text)
  return subtreeBag(tree, new Uint8Array(tree.type.length), literal)
}

test('the shapes are those of the root and of every node with a child, names and literals not counted', async () => {
  // module, expression_statement, assignment, binary_operator
  const bag = await shapes('a = b + 1\n')
  expect(bag.total).toBe(4)
  expect(await shapes('x = y - 22\n')).toEqual(bag)
  expect((await shapes('')).total).toBe(1)
})

test('a subtree that occurs twice counts twice', async () => {
  const [once, twice] = [await shapes('f(a)\n'), await shapes('f(a)\ng(b)\n')]
  expect(overlap(once, twice)).toBe(once.total - 1)
  expect(twice.total).toBe(2 * once.total - 1)
})

test('under which field a child hangs makes a difference', async () => {
  const java = async (text: string) => {
    const tree = await parsed('java', text)
    return subtreeBag(tree, new Uint8Array(tree.type.length))
  }
  expect(await java('for (; f(); ) {}')).not.toEqual(await java('for (; ; f()) {}'))
})

test('literal shapes tell what was unexpected, and tokens made of several', async () => {
  expect(await shapes('a = 1 $ 2\n')).toEqual(await shapes('a = 1 ? 2\n'))
  expect(await shapes('a = 1 $ 2\n', true)).not.toEqual(await shapes('a = 1 ? 2\n', true))
  expect((await shapes('a is not b\n', true)).total).toBe((await shapes('a is not b\n')).total + 1)
})

test('what is skipped is not there', async () => {
  const tree = await parsed('python', '# note\na = 1\n')
  const skip = Uint8Array.from(tree.type, (type) => Number(tree.types[type] === 'comment'))
  expect(subtreeBag(tree, skip)).toEqual(await shapes('a = 1\n'))
})
