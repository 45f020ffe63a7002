import type { diffRuns } from '../app/diff-runs.ts'
import { formatCount, formatDuration } from './format.ts'
import { toPrintable, toPrintableLine } from './printable.ts'
import { describeFate, STATUS, verdictLine } from './render-diff.ts'

type RunDiff = ReturnType<typeof diffRuns>

/** Returns how two runs differ as Markdown: every effect in a table, every changed text whole. Nothing in it can be markup. */
export function renderDiffMarkdown(diff: RunDiff, names: readonly [string, string]): string {
  const [a, b] = names.map(inert)
  const effects = diff.effects.map(({ id, status, differs, tokens, durationMs }) =>
    row([id, STATUS[status], differs.join(', '), ...pair(tokens, formatCount), ...pair(durationMs, formatDuration)]),
  )
  const evidence = diff.evidence.map(({ candidate, evidence }) => row([candidate, ...evidence.map(describeFate)]))
  const texts = diff.effects.flatMap(({ id, promptDiff, outputDiff }) => [
    ...(promptDiff === null ? [] : [`### ${inert(id)}: prompt`, '', fence(promptDiff), '']),
    ...(outputDiff === null ? [] : [`### ${inert(id)}: output`, '', fence(outputDiff), '']),
  ])
  return [
    `# ${a} against ${b}`,
    '',
    diff.firstDifference === null ? 'No effect differs.' : `The first difference is ${inert(diff.firstDifference)}.`,
    '',
    `| effect | | differs in | tokens ${a} | tokens ${b} | time ${a} | time ${b} |`,
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...effects,
    '',
    ...(evidence.length === 0 ? [] : [`| candidate | ${a} | ${b} |`, '| --- | --- | --- |', ...evidence, '']),
    '## Verdict',
    '',
    `- ${a}: ${inert(verdictLine(diff.verdicts[0]))}`,
    `- ${b}: ${inert(verdictLine(diff.verdicts[1]))}`,
    '',
    ...(texts.length === 0 ? [] : ['## Texts', '', ...texts]),
    `Digests: ${diff.digests.join(' and ')}.`,
    '',
  ].join('\n')
}

function pair(values: readonly [number | null, number | null], show: (value: number) => string): string[] {
  return values.map((value) => (value === null ? '' : show(value)))
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(inert).join(' | ')} |`
}

/** One line in which no character is markup. */
function inert(text: string): string {
  return toPrintableLine(text).replace(/[\\`*_[\]<>|#&~!]/g, '\\$&')
}

/** A fence longer than any run of backticks inside, so that no text can leave it. */
function fence(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const mark = '`'.repeat(longest + 1)
  return `${mark}diff\n${toPrintable(text).trimEnd()}\n${mark}`
}
