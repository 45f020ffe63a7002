import { expect, test } from 'vitest'
import { diffRuns } from '../../src/app/diff-runs.ts'
import { forkRun } from '../../src/app/fork-run.ts'
import { startRun } from '../../src/app/start-run.ts'
import { sayScript } from '../../src/backends/mock.ts'
import { renderDiff } from '../../src/cli/render-diff.ts'
import { renderDiffMarkdown } from '../../src/cli/render-diff-markdown.ts'
import { executeAlike, persona, recordsOf, spec, testServices } from '../support/test-services.ts'

const PROMPT = 'Write add(a, b) in Python. add(1, 2) == 3'
const say = (operator: string) => sayScript(`Here.\n\n\`\`\`python\ndef add(a, b):\n    return a ${operator} b\n\`\`\`\n`)

/** A run in which `coder` answers with one operator, and what was executed says whether it is the right one. */
async function run(operator: string) {
  const services = testServices({
    mock: { script: () => say(operator) },
    executors: { execute: executeAlike(operator === '+' ? 3 : -1) },
  })
  const { runId } = await (await startRun(spec({ ids: ['coder'], protocol: 'solo', prompt: PROMPT }), services)).result
  return recordsOf(services, runId)
}

test('a run does not differ from itself', async () => {
  const records = await run('+')
  const diff = diffRuns(records, records)
  expect(diff).toMatchObject({ firstDifference: null, isSameVerdict: true })
  expect(new Set(diff.effects.map(({ status }) => status))).toEqual(new Set(['same']))
  expect(renderDiffMarkdown(diff, ['one', 'two'])).toContain('No effect differs.')
})

test('runs are aligned by agent and turn: what was said differently is shown, and what follows from it', async () => {
  const services = testServices()
  const parent = (await (await startRun(spec({ ids: ['architect', 'coder'] }), services)).result).runId
  const change = { personas: { coder: persona('coder', { style: 'in <b>rhymes</b> | `x`' }) } }
  const fork = await forkRun(parent, 'round:1', change, { ...testServices({ store: services.store }), createRunId: () => 'fork' })
  await fork.result
  const diff = diffRuns(await recordsOf(services, parent), await recordsOf(services, 'fork'))
  const of = (id: string) => diff.effects.find((effect) => effect.id === id)
  expect(of('run/architect#1')).toMatchObject({ status: 'same', promptDiff: null, outputDiff: null })
  expect(of('run/coder#1')).toMatchObject({ status: 'changed', differs: ['output', 'model', 'error'] })
  expect(of('run/coder#2')).toMatchObject({ status: 'only-b' })
  expect(diff.firstDifference).toBe('run/coder#1')
  expect(renderDiff(diff, ['one', 'two'], 80)).toContain('the first difference is run/coder#1')
})

test('a changed answer shows in its text, in what executing it gave, and in the verdict; as Markdown nothing in it is markup', async () => {
  const diff = diffRuns(await run('+'), await run('-'))
  const changed = diff.effects.find(({ id }) => id === 'run/coder#1')
  expect(changed?.differs).toEqual(['output'])
  expect(changed?.outputDiff).toContain('-    return a + b\n+    return a - b')
  const shown = (passed: number) => ({ loads: true, examples: [passed, 1], assertions: [0, 0] })
  expect(diff.evidence).toEqual([{ candidate: 'coder.1', isSame: false, evidence: [shown(1), shown(0)] }])
  expect([diff.isSameVerdict, renderDiff(diff, ['one', 'two'], 80)]).toEqual([
    false,
    expect.stringMatching(/Evidence +coder\.1 · loads, examples 1\/1 → loads, examples 0\/1\n/),
  ])
  const page = renderDiffMarkdown(diff, ['one', 'two|<b>'])
  expect(page).toContain('| coder.1 | loads, examples 1/1 | loads, examples 0/1 |')
  expect(page).toContain('# one against two\\|\\<b\\>')
  expect(page).toContain('### run/coder\\#1: output\n\n````diff\n')
  expect(page).toContain('\n````\n')
})
