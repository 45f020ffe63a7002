import pc from 'picocolors'
import { expect, test } from 'vitest'
import { renderError, toErrorEvent } from '../../src/cli/render-error.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'

const plain = pc.createColors(false)

test('an error says what failed, the evidence and what to try, and no stack', () => {
  const error = new CodeConductorError('RUN_NOT_FOUND', 'There is no run "x\x1b[2J" here.\n  looked in: runs', {
    hint: 'codeconductor runs list',
  })
  expect(renderError(error, plain)).toBe(
    'error: There is no run "x␛[2J" here.\n  looked in: runs\nTry: codeconductor runs list\n',
  )
})

test('an error without a hint says how to see where it happened', () => {
  expect(renderError(new CodeConductorError('INTERNAL', 'unexpected failure: x'), plain)).toContain('Try: CODECONDUCTOR_DEBUG=1')
})

test('no server is told with what was looked for and three ways on', () => {
  const error = new CodeConductorError('NO_BACKEND', 'no model server found\n  ollama  http://127.0.0.1:11434  nothing listens', {
    hint: 'codeconductor demo',
  })
  const lines = renderError(error, plain).trimEnd().split('\n')
  expect(lines.slice(0, 3)).toEqual([
    'error: no model server found',
    '  ollama  http://127.0.0.1:11434  nothing listens',
    'Try one of:',
  ])
  expect(lines.slice(3)).toHaveLength(3)
})

test('as an event an error keeps its code, its hint and its facts', () => {
  const error = new CodeConductorError('NO_BACKEND', 'none', {
    hint: 'codeconductor demo',
    details: { checked: [{ name: 'ollama' }] },
  })
  expect(toErrorEvent(error)).toEqual({
    type: 'error',
    code: 'NO_BACKEND',
    message: 'none',
    hint: 'codeconductor demo',
    retryable: false,
    exitCode: 3,
    checked: [{ name: 'ollama' }],
  })
})
