import { afterAll, expect, test } from 'vitest'
import { persona, spec } from '../support/test-services.ts'
import { createRoot, program, runWithArtifacts, SAID } from './artifact-run.ts'

const root = createRoot()
afterAll(() => root.remove())

const EVIL = '<script>alert(1)</script> [click](http://e.vil) ![x](http://e.vil/p.png) \x1b[2J\u202e'

/** What is left of Markdown once fenced blocks and code spans are taken out, as a reader of Markdown takes them. */
function outsideCode(markdown: string): string {
  const kept: string[] = []
  let fence: string | null = null
  for (const line of markdown.split('\n')) {
    const ticks = /^ {0,3}(`{3,})/.exec(line)?.[1]
    if (fence === null && ticks !== undefined) fence = ticks
    else if (fence !== null && ticks !== undefined && ticks.length >= fence.length && line.trim() === ticks) fence = null
    else if (fence === null) kept.push(line)
  }
  expect(fence).toBeNull()
  return kept.join('\n').replace(/(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '')
}

test('nothing a model, a persona or a user writes is markup in the report or the transcript', async () => {
  const answer = `${EVIL}\n\`\`\`\`\`\n${EVIL}\n`
  const run = await runWithArtifacts(root.path, {
    spec: spec({
      prompt: `Write add(a, b) in Python. add(1, 2) == 3\n\`\`\`\n${EVIL}\n# Winner\n`,
      agents: [
        { id: 'architect', persona: persona('architect', { title: EVIL }) },
        { id: 'coder', persona: persona('coder') },
        { id: 'tester', persona: persona('tester', { roles: ['write_tests'] }) },
      ],
    }),
    said: {
      ...SAID,
      architect: `${answer}${program('a + b')}`,
      coder: `${program(`'${EVIL.replaceAll("'", '')}'`)}`,
      tester: `assert add("${EVIL}", "") == "${EVIL}"\nassert add("<b>", 1) == \`x\`\n`,
    },
  })
  for (const name of ['report.md', 'transcript.md']) {
    const text = run.read(name)
    expect(text).not.toMatch(/[\x1b\u202e]/)
    const rest = outsideCode(text).replace(/\\[\x21-\x7e]/g, '')
    expect(rest).not.toMatch(/<script|<b>|\]\(|!\[|:\/\//)
    expect(rest).not.toMatch(/^# Winner/m)
  }
  expect(run.read('tests/assertions.txt')).not.toMatch(/[\x1b\u202e]/)
  expect(run.read('logs/prompts.jsonl')).not.toMatch(/[\x1b\u202e]/)
})

test('a duplicate, a refusal, a failure and a cut answer are each told in their line', async () => {
  const run = await runWithArtifacts(root.path, {
    said: {
      architect: program('a + b'),
      bug_hunter: [{ do: 'error', failure: 'protocol', message: 'garbage' }],
      coder: program('a + b'),
      tester: 'I will not.',
    },
  })
  const report = run.read('report.md')
  expect(report).toMatch(/\*\*coder\*\* .*: the same program as `architect\.1`/)
  expect(report).toMatch(/\*\*bug_hunter\*\* took no further part: garbage/)
  expect(report).toMatch(/\*\*tester\*\* .*: 0 assertions used, 0 refused/)
  expect(report).toContain('- Independent tests: nobody wrote any that could be used')
  expect(run.read('transcript.md')).toContain('## Turns without an answer')
})

test('a winner that misses an example is told with what it should give', async () => {
  const run = await runWithArtifacts(root.path, {
    spec: spec({ prompt: 'Write add(a, b) in Python. add(1, 2) == 3\nadd(0, 5) == 6', ids: ['coder'], protocol: 'solo' }),
    said: { coder: program('a + b') },
  })
  expect(run.read('report.md')).toContain('- `coder.1` misses an example: `add(0, 5)` should give `6`')
})
