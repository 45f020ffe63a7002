import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ExtractionCase, hintOf } from '../../bench/extraction-score.ts'
import { type Extraction, type ExtractionHint, extractCode, pickMainFile } from '../../src/prompts/extract-code.ts'

const cases = ['extraction-cases', 'extraction-own-cases'].flatMap(
  (name) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as readonly ExtractionCase[],
)

/** Written apart from the code it judges: what no path may ever be. */
function isOutside(path: string): boolean {
  const parts = [...path.split(/[\\/]/), ...path.normalize('NFKC').split(/[\\/]/)]
  return (
    path === '' ||
    /^[\\/~]|^[A-Za-z]:|[\u0000-\u001f\u007f]/.test(path) ||
    parts.some((part) => part === '' || part === '.' || part === '..' || /^\.git[. ]*$/i.test(part))
  )
}

/** Whatever a reply holds, the result keeps these promises. */
function check(reply: string, hint: ExtractionHint): Extraction {
  const got = extractCode(reply, hint)
  const paths = got.files.map((file) => file.path).filter((path) => path !== null)
  const faults = [
    ...paths.filter(isOutside).map((path) => `path outside: ${path}`),
    ...(new Set(paths).size === paths.length ? [] : ['same path twice']),
    ...got.files
      .filter((file) => !/(?:^|[^\n])\n$/.test(file.code.slice(-2)))
      .map((file) => `bad end: ${JSON.stringify(file.code.slice(-9))}`),
    ...got.files
      .filter((file) => hint.existing?.[file.path ?? ''] !== undefined && file.code.trim() === '')
      .map(() => 'emptied a file'),
    ...((got.files.length === 0) === (got.source === 'none') ? [] : ['source does not fit']),
    ...(new Set(got.warnings).size === got.warnings.length ? [] : ['warning twice']),
  ]
  if (faults.length > 0) throw new Error(`${faults.join('; ')} in ${JSON.stringify(reply)}`)
  pickMainFile(got, 'f')
  return got
}

test('a reply cut at any place still gives a sound result', () => {
  let cuts = 0
  for (const each of cases) {
    const hint = hintOf(each)
    for (let at = 0; at <= each.reply.length; at++) {
      check(each.reply.slice(0, at), hint)
      check(each.reply.slice(at), hint)
      cuts += 2
    }
  }
  expect(cuts).toBeGreaterThan(10_000)
})

const NOISE = [
  '```',
  '~~~',
  '````',
  '```python\n',
  '\n```\n',
  '   ```',
  '> ',
  '- ',
  '\r\n',
  '\r',
  '\n',
  '\n\n',
  '\u0000',
  '\ud800',
  '\ufeff',
  '\u2028',
  '😀',
  '<think>',
  '</think>',
  '<|im_end|>',
  '<|im_start|>assistant\n',
  '<|im_start|>user\n',
  '</s>',
  '<s>',
  '[INST]',
  '<|channel|>final<|message|>',
  '<｜end▁of▁sentence｜>',
  '*** Begin Patch\n',
  '*** Update File: m.py\n',
  '*** Add File: ../x.py\n',
  '<<<<<<< SEARCH\n',
  '=======\n',
  '>>>>>>> REPLACE\n',
  '--- a/m.py\n+++ b/m.py\n',
  '@@ ... @@\n',
  '/etc/x.py\n',
  '../y.py\n',
  'C:\\z.py\n',
  '.git/config\n',
  '.GIT./hooks/a.sh\n',
  '"""',
  "'''",
  '{"path": "../a.py", "code": "x"}',
  '"',
  '\\',
  '{',
  ']',
  '\t',
  '    ',
  'title="../../a.py"',
  ':.git/x.py',
  '\u001b[2J',
]

test('10 000 mutated replies neither throw nor break a promise', () => {
  const seed = 20_240_611
  const mutation = fc.record({
    base: fc.integer({ min: 0, max: cases.length - 1 }),
    edits: fc.array(
      fc.record({
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        drop: fc.nat(12),
        put: fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...NOISE) },
          { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
        ),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    isCrlf: fc.boolean(),
    isCut: fc.boolean(),
  })
  let runs = 0
  fc.assert(
    fc.property(mutation, ({ base, edits, isCrlf, isCut }) => {
      const each = cases[base]
      if (each === undefined) return
      let reply = each.reply
      for (const { at, drop, put } of edits) {
        const place = Math.floor(at * reply.length)
        reply = reply.slice(0, place) + put + reply.slice(place + drop)
      }
      runs += 1
      check(isCrlf ? reply.replaceAll('\n', '\r\n') : reply, { ...hintOf(each), ...(isCut ? { finish: 'length' } : {}) })
    }),
    { seed, numRuns: 10_000 },
  )
  expect(runs).toBe(10_000)
})

test('any string at all gives a sound result, the same one each time', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('python', 'sql', '', '__proto__'),
      (reply, language) => {
        expect(check(reply, { language })).toEqual(extractCode(reply, { language }))
      },
    ),
    { seed: 7, numRuns: 1000 },
  )
})

test('line ends of another system change nothing', () => {
  for (const each of cases) {
    const plain = extractCode(each.reply.replaceAll('\r\n', '\n'), hintOf(each))
    expect({ id: each.id, ...extractCode(each.reply.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n'), hintOf(each)) }).toEqual({
      id: each.id,
      ...plain,
    })
  }
})

const segment = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '',
    '.git',
    '.GIT',
    '.git.',
    '.git ',
    'git~1',
    'src',
    'a.py',
    'C:',
    '~',
    '\u0000',
    '．．',
    '‥',
    '．．／x',
    '.. ',
    '...',
    'x\u202e.py',
    'con:stream',
    '$HOME',
    '%2e%2e',
  ),
  fc.string({ maxLength: 6 }),
)
const hostilePath = fc
  .tuple(
    fc.constantFrom('', '/', '\\', './', '//', 'C:\\', '~/'),
    fc.array(segment, { minLength: 1, maxLength: 5 }),
    fc.constantFrom('/', '\\'),
  )
  .map(([start, parts, slash]) => `${start}${parts.join(slash)}/f.py`)

test('no form of a reply puts a file outside the root, or into .git', () => {
  fc.assert(
    fc.property(hostilePath, (path) => {
      const quoted = JSON.stringify(path)
      for (const reply of [
        `${path}\n\`\`\`python\nx = 1\n\`\`\`\n`,
        `### File: \`${path}\`\n\`\`\`python\nx = 1\n\`\`\`\n`,
        `\`\`\`python title=${quoted}\nx = 1\n\`\`\`\n`,
        `\`\`\`python:${path}\nx = 1\n\`\`\`\n`,
        `\`\`\`python\n# ${path}\nx = 1\n\`\`\`\n`,
        `Save it as \`${path}\`:\n\`\`\`python\nx = 1\n\`\`\`\n`,
        `{"path": ${quoted}, "code": "x = 1"}`,
        `{"files": {${quoted}: "x = 1"}}`,
        `${path}\n<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n`,
        `--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+x = 1\n`,
        `*** Begin Patch\n*** Add File: ${path}\n+x = 1\n*** End Patch\n`,
        `${path}\n\n    x = 1\n`,
      ]) {
        check(reply, {})
        check(reply, { path, existing: { 'm.py': 'x = 1\n' } })
      }
    }),
    { seed: 11, numRuns: 1500 },
  )
})
