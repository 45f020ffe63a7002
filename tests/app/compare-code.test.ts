import { describe, expect, test } from 'vitest'
import { type CompareCode, createCodeComparer } from '../../src/app/compare-code.ts'
import * as library from '../../src/index.ts'

const compareCode = createCodeComparer()
const SHORT = 'def add(a, b):\n    return a + b\n'
const LONG = 'def add(a, b):\n    total = a\n    total = total + b\n    return total\n'

describe('comparing two programs', () => {
  test('is in the library', async () => {
    expect(await library.compareCode(SHORT, LONG, { language: 'py' })).toEqual(
      await compareCode(SHORT, LONG, { language: 'python' }),
    )
  })

  test('consensus mode is symmetric, reference mode has a direction', async () => {
    const both = async (options: NonNullable<Parameters<CompareCode>[2]>) => [
      (await compareCode(SHORT, LONG, options)).score,
      (await compareCode(LONG, SHORT, options)).score,
    ]
    const [a, b] = await both({ mode: 'consensus', language: 'python' })
    const [c, d] = await both({ mode: 'reference', language: 'python' })
    expect(a).toBe(b)
    expect(c).not.toBe(d)
  })

  test('consensus mode gives 1 to a text of two tokens and itself, reference mode what the published one gives', async () => {
    const consensus = await compareCode('x', 'x', { language: 'python' })
    const published = await compareCode('x', 'x', { mode: 'reference', language: 'python', compat: 'k4black' })
    expect(consensus).toMatchObject({ mode: 'consensus', score: 1, language: 'python', flags: [] })
    expect(published).toMatchObject({ mode: 'reference', score: expect.closeTo(0.5549, 3), parts: { flow: null, token: null } })
  })

  test('settings are those of the call, and syntax errors are told of', async () => {
    const comment = { language: 'python', weights: [1, 0, 0] }
    const commented = `# adds\n${SHORT}`
    expect((await compareCode(SHORT, commented, comment)).score).toBe(1)
    expect((await compareCode(SHORT, commented, { ...comment, stripComments: false })).score).toBeLessThan(1)
    const folded = { language: 'python', weights: [0, 0, 1], normalize: true }
    expect((await compareCode('Abc = 1', 'aBC = 1', folded)).score).toBe(1)
    expect((await compareCode(SHORT, 'def (', { language: 'python' })).errors).toEqual({
      candidate: 0,
      reference: expect.any(Number),
    })
  })

  test('without a language only tokens are compared, and reference mode refuses one that has no grammar', async () => {
    expect(await compareCode('ADD 1 TO X', 'ADD 2 TO X', {})).toMatchObject({
      parts: { ast: null, flow: null, token: expect.any(Number) },
      ...{ language: null, flags: ['no_grammar'] },
    })
    await expect(compareCode('a', 'b', { mode: 'reference', language: 'pyton' })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('did you mean "python"?'),
    })
    await expect(compareCode('a', 'b', { weights: [1, 2] })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
