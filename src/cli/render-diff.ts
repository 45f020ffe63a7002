import type { diffRuns } from '../app/diff-runs.ts'
import { clip } from './display-width.ts'
import { formatCount, formatDuration, modelName } from './format.ts'
import { toPrintable, toPrintableLine } from './printable.ts'
import { describeEvidence } from './render-event-line.ts'
import { labelled } from './wrap.ts'

type RunDiff = ReturnType<typeof diffRuns>
type EffectDiff = RunDiff['effects'][number]

/** Lines of each text's difference that are shown. */
const SHOWN_LINES = 20

/** Returns how two runs differ: effect by effect, the texts of the first difference, and what came of it. */
export function renderDiff(diff: RunDiff, names: readonly [string, string], columns: number): string {
  const lines: string[] = []
  const add = (label: string, text: string): void => void lines.push(...labelled(label, toPrintableLine(text), columns))
  for (const effect of diff.effects) add(STATUS[effect.status], `${effect.id}${figures(effect)}`)
  const first = diff.effects.find(({ id }) => id === diff.firstDifference)
  if (first !== undefined) {
    add('First', `the first difference is ${first.id}`)
    for (const [what, patch] of [
      ['prompt', first.promptDiff],
      ['output', first.outputDiff],
    ] as const) {
      if (patch !== null) lines.push(...shownPatch(what, patch, columns))
    }
  }
  for (const { candidate, evidence } of diff.evidence.filter(({ isSame }) => !isSame))
    add('Evidence', `${candidate} · ${evidence.map(describeFate).join(' → ')}`)
  add(names[0], verdictLine(diff.verdicts[0]))
  add(names[1], verdictLine(diff.verdicts[1]))
  add('Verdict', diff.isSameVerdict ? 'the same' : 'not the same')
  add(
    'Log',
    diff.digests[0] === diff.digests[1] ? `identical, digest ${diff.digests[0]}` : `digests ${diff.digests.join(' and ')}`,
  )
  return `${lines.join('\n')}\n`
}

/** What became of an effect, in words. */
export const STATUS: Readonly<Record<EffectDiff['status'], string>> = {
  same: 'same',
  changed: 'changed',
  'only-a': 'first only',
  'only-b': 'second only',
}

/** Returns how a candidate fared, for people. */
export function describeFate(evidence: RunDiff['evidence'][number]['evidence'][number]): string {
  return evidence === null ? 'not there' : describeEvidence(evidence).replaceAll(' · ', ', ')
}

function figures({ differs, tokens, durationMs }: EffectDiff): string {
  const change = ([a, b]: readonly [number | null, number | null], show: (value: number) => string): string | null =>
    a === null || b === null || a === b ? null : `${show(a)} → ${show(b)}`
  const tokenChange = change(tokens, (count) => `${formatCount(count)} tokens`)
  const parts = [differs.join(', '), tokenChange, change(durationMs, formatDuration)].filter(
    (part) => part !== null && part !== '',
  )
  return parts.length === 0 ? '' : ` · ${parts.join(' · ')}`
}

function shownPatch(what: string, patch: string, columns: number): string[] {
  const lines = toPrintable(patch).trimEnd().split('\n').slice(2)
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `  ${clip(line.replaceAll('\t', '    '), columns - 3)}`)
  const more = lines.length - shown.length
  return [`${what}:`, ...shown, ...(more > 0 ? [`  … ${more} more lines: --json has them`] : [])]
}

/** Returns a verdict in one line. */
export function verdictLine(verdict: RunDiff['verdicts'][number]): string {
  if (verdict === null) return 'no verdict'
  const { winner, grade, confidence, model } = verdict
  return winner === null
    ? 'no winner'
    : `${winner} on ${modelName(model ?? '?')} · ${grade} · confidence ${confidence.toFixed(2)}`
}
