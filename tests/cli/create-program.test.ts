import type { CommanderError } from 'commander'
import { expect, test } from 'vitest'
import type { CommandInput } from '../../src/cli/cli-context.ts'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { createProgram } from '../../src/cli/create-program.ts'

function parse(...argv: string[]): { path?: string; input?: CommandInput; out: string; error?: CommanderError } {
  const seen: { path?: string; input?: CommandInput; out: string; error?: CommanderError } = { out: '' }
  const program = createProgram({
    writeOut: (text) => {
      seen.out += text
    },
    writeErr: (text) => {
      seen.out += text
    },
    onCommand: (spec, input) => Object.assign(seen, { path: spec.path, input }),
  })
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    seen.error = error as CommanderError
  }
  return seen
}

test('a command is found with its arguments and its options', () => {
  const { path, input } = parse(
    'run',
    'Write f.',
    '--agents',
    'a,b',
    '--model',
    'a=x',
    '--model',
    'b=y',
    '--json',
    '--timeout-per-turn',
    '60',
  )
  expect(path).toBe('run')
  expect(input).toEqual({
    args: ['Write f.'],
    options: { agents: 'a,b', model: ['a=x', 'b=y'], json: true, timeoutPerTurn: '60' },
  })
  expect(parse('runs', 'show', 'last')).toMatchObject({ path: 'runs show', input: { args: ['last'] } })
})

test.each([
  [['run', '--agnets', 'x'], 'Did you mean --agents?'],
  [['rpelay', 'x'], 'Did you mean replay?'],
  [['runs', 'lst'], 'Did you mean list?'],
  [['run', '--protocol', 'chaos'], 'Allowed choices are evidence, classic, solo'],
  [['replay'], "missing required argument 'run'"],
  [['explain', 'a', 'b'], 'too many arguments'],
])('%j is refused and the nearest is named', (argv, message) => {
  const { error, path } = parse(...argv)
  expect(error?.message).toContain(message)
  expect(error?.exitCode).toBe(1)
  expect(path).toBeUndefined()
})

test('help tells of a command, of a group, and leaves other topics to a file of their own', () => {
  expect(parse('help', 'run').out).toContain('--timeout-per-turn')
  expect(parse('help', 'runs', 'rm').out).toContain('remove runs')
  expect(parse('help').out).toContain('personas')
  expect(parse('help', 'exit-codes')).toMatchObject({ path: 'help', input: { args: ['exit-codes'] } })
})

test.each(COMMANDS.map((spec) => [spec.path, spec] as const))(
  '%s has code behind it, and help of at most 80 columns',
  async (path, spec) => {
    expect((await spec.load()).execute).toBeTypeOf('function')
    const { out } = parse('help', ...path.split(' '))
    const options = out.slice(0, out.includes('Examples') ? out.indexOf('Examples') : undefined)
    for (const line of options.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  },
)
