import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { loadPersonas } from '../../src/config/load-personas.ts'
import { CodeConductorError } from '../../src/domain/errors.ts'
import { Persona } from '../../src/domain/persona.ts'

const root = mkdtempSync(join(tmpdir(), 'personas-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let directory = ''
let count = 0
beforeEach(() => {
  directory = join(root, String(count++))
  mkdirSync(directory)
})

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

function persona(id: string, more = ''): string {
  return `id: ${id}\ntitle: T\nstyle: s\n${more}`
}

async function failure(path: string): Promise<{ code: string; message: string; problems: unknown }> {
  const error = await loadPersonas(path).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof CodeConductorError)) throw error ?? new Error('it loaded')
  return { code: error.code, message: error.message.replaceAll(`${directory}/`, ''), problems: error.details['problems'] }
}

describe('a directory of personas', () => {
  test('gives those of its YAML files in the order of their names, and nothing of other files', async () => {
    write('b.yml', persona('second', 'method: plan\nroles: [draft, judge]\n'))
    write('a.yaml', persona('first'))
    write('notes.txt', 'not a persona')
    write('.hidden.yaml', '][')
    mkdirSync(join(directory, 'deeper'))
    expect(await loadPersonas(directory)).toEqual([
      Persona.parse({ id: 'first', title: 'T', style: 's' }),
      Persona.parse({ id: 'second', title: 'T', style: 's', method: 'plan', roles: ['draft', 'judge'] }),
    ])
  })

  test('without any is an error', async () => {
    expect(await failure(directory)).toMatchObject({
      code: 'PERSONA_INVALID',
      message: expect.stringMatching(/holds no persona$/),
    })
  })

  test('with one id twice names both places', async () => {
    write('a.yaml', persona('same'))
    write('b.yaml', `# second\n${persona('same')}`)
    expect((await failure(directory)).message).toBe('b.yaml:2: id: "same" is already the id of the persona in a.yaml:1')
  })

  test('of more than 200 files is refused', async () => {
    for (let i = 0; i < 201; i++) write(`p${i}.yaml`, persona(`p${i}`))
    expect((await failure(directory)).message).toContain('holds more than 200 persona files')
  })

  test('of more than 4 MiB is refused', async () => {
    for (let i = 0; i < 17; i++) write(`p${i}.yaml`, `${persona(`p${i}`)}# ${'x'.repeat(255_000)}\n`)
    expect((await failure(directory)).message).toContain('holds more than 4096 KiB of personas')
  })

  test('reports every problem of every file, in order', async () => {
    write('a.yaml', persona('a', 'metod: plan\nroles: [drfat]\n'))
    write('b.yaml', 'id: [\n')
    const { message, problems } = await failure(directory)
    expect(message).toBe('a.yaml:4: metod: unknown field (did you mean "method"?) (and 2 more)')
    expect(problems).toMatchObject([{ line: 4 }, { line: 5, field: 'roles.0', suggestion: 'draft' }, { line: 2 }])
  })
})

describe('a persona file', () => {
  test.each([
    ['an unknown field', 'sytle: x', 'p.yaml:4: sytle: unknown field (did you mean "style"?)'],
    ['an unknown field of a part', 'limits:\n  turnTimeout: 1', 'p.yaml:5: limits.turnTimeout: unknown field'],
    [
      'an unknown method',
      'method: plann',
      'p.yaml:4: method: must be one of direct, plan, edges, analogy, brute, decompose, contract, measure (did you mean "plan"?)',
    ],
    ['a list where text is wanted', 'instructions: [a]', 'p.yaml:4: instructions: must be text, not a list'],
    ['a number too large', 'sampling:\n  temperature: 9', 'p.yaml:5: sampling.temperature: too big: expected number to be <=2'],
    [
      'a fraction where a whole number is wanted',
      'restart: {intensity: 1.5}',
      'p.yaml:4: restart.intensity: must be a whole number, not a number',
    ],
    ['a key of the prototype', '__proto__: {x: 1}', 'p.yaml:4: __proto__: unknown field'],
    ['an own tag', 'rules: !run x', 'p.yaml:4: unknown scalar tag !<!run>'],
  ])('with %s is refused, with its line', async (_, text, expected) => {
    const path = write('p.yaml', persona('p', `${text}\n`))
    expect((await failure(path)).message).toContain(expected)
  })

  test('without an id, or with a bad one, is refused', async () => {
    expect((await failure(write('a.yaml', 'title: T\nstyle: s\n'))).message).toBe('a.yaml:1: id: is missing')
    expect((await failure(write('b.yaml', persona('Bad Id')))).message).toBe(
      'b.yaml:1: id: lower-case letters, digits, _ and -, at most 32',
    )
  })

  test('that is empty, a list or text is refused', async () => {
    const messages = []
    for (const text of ['', '[a]', 'word']) messages.push((await failure(write('p.yaml', text))).message)
    expect(messages).toEqual([
      'p.yaml:1: must be a mapping, not empty',
      'p.yaml:1: must be a mapping, not a list',
      'p.yaml:1: must be a mapping, not text',
    ])
  })

  test('of 50 MB is refused without being read', async () => {
    const path = write('p.yaml', '')
    truncateSync(path, 50_000_000)
    expect((await failure(path)).message).toBe('p.yaml: is larger than 256 KiB')
  })

  test('that is a symbolic link in a circle, a directory or a pipe is refused', async () => {
    symlinkSync(join(directory, 'loop.yaml'), join(directory, 'loop.yaml'))
    mkdirSync(join(directory, 'folder.yaml'))
    execFileSync('mkfifo', [join(directory, 'pipe.yaml')])
    expect((await failure(directory)).problems).toMatchObject([
      { message: 'is not a regular file' },
      { message: 'is a symbolic link that leads round in a circle' },
      { message: 'is not a regular file' },
    ])
  })

  test('reached through a symbolic link is read', async () => {
    symlinkSync(write('real.txt', persona('real')), join(directory, 'link.yaml'))
    expect((await loadPersonas(directory)).map(({ id }) => id)).toEqual(['real'])
  })

  test('that does not exist or is not UTF-8 is refused', async () => {
    expect((await failure(join(directory, 'none.yaml'))).message).toBe('none.yaml: does not exist')
    writeFileSync(join(directory, 'latin.yaml'), Buffer.from([0x69, 0x64, 0x3a, 0x20, 0xe9]))
    expect((await failure(join(directory, 'latin.yaml'))).message).toBe('latin.yaml: is not UTF-8 text')
  })

  test('with a byte order mark and Windows line ends is read', async () => {
    const path = write('p.yaml', `\ufeff${persona('p', 'metod: x\n').replaceAll('\n', '\r\n')}`)
    expect((await failure(path)).message).toContain('p.yaml:4: metod')
  })
})

describe('a single file of roles', () => {
  test('gives one persona a role, in the order written, and takes each of its texts', async () => {
    const path = write(
      'personas.yaml',
      [
        'bug_hunter:\n  style: edges\n  rules: [a, b]',
        'coder: {prompt: Write code.}',
        'architect: {system: Plan., method: plan}',
        'reviewer: {template: Look., style: calm}',
        'sage: {messages: [{role: system, content: One.}, {content: Two.}]}',
      ].join('\n'),
    )
    const told = 'you work as told below.'
    expect(await loadPersonas(path)).toEqual(
      [
        { id: 'bug_hunter', title: 'Bug Hunter', style: 'edges', rules: ['a', 'b'] },
        { id: 'coder', title: 'Coder', style: told, instructions: 'Write code.' },
        { id: 'architect', title: 'Architect', style: told, instructions: 'Plan.', method: 'plan' },
        { id: 'reviewer', title: 'Reviewer', style: 'calm', instructions: 'Look.' },
        { id: 'sage', title: 'Sage', style: told, instructions: 'One.\nTwo.' },
      ].map((input) => Persona.parse(input)),
    )
  })

  test.each([
    ['an unknown field', 'coder:\n  style: s\n  rule: [a]', 'p.yaml:3: coder.rule: unknown field (did you mean "rules"?)'],
    ['two whole texts', 'coder:\n  prompt: a\n  system: b', 'p.yaml:3: coder.system: says again what prompt says: keep one'],
    ['no text at all', 'a: {style: s}\ncoder:\n  rules: [a]', 'p.yaml:2: coder.style: is missing'],
    ['a bad name', 'My Coder: {style: s}', 'p.yaml:1: My Coder: a role must be named by lower-case letters'],
    ['an entry that is text', 'a: {style: s}\ncoder: hello', 'p.yaml:2: coder: must be a mapping, not text'],
    ['an entry that is empty', 'a: {style: s}\ncoder:', 'p.yaml:2: coder: must be a mapping, not empty'],
    ['a role twice', 'a: {style: s}\na: {style: t}', 'p.yaml:2: duplicated mapping key'],
  ])('with %s is refused, with its line', async (_, text, expected) => {
    expect((await failure(write('p.yaml', text))).message).toContain(expected)
  })
})
