import { explainRun } from '../app/explain-run.ts'
import type { RunResult } from '../app/start-run.ts'
import type { RunEvent } from '../domain/event.ts'
import { plural } from './format.ts'
import { toPrintableLine } from './printable.ts'
import { labelled, wrap } from './wrap.ts'

type RunContext = RunResult['context']
type Decision = NonNullable<RunContext['judgement']>['decision']

/** Returns why a run ended as it did: in sentences, then the ranking with its numbers and the checks with who passed them. */
export function renderExplanation(run: RunContext | null, events: readonly RunEvent[], columns: number): string {
  const lines = explainRun(run, events).flatMap((line) => bullet(toPrintableLine(line), columns))
  const decision = run?.judgement?.decision
  if (decision === undefined) return `${lines.join('\n')}\n`
  const add = (label: string, texts: readonly string[]): void => {
    for (const [i, text] of texts.entries()) lines.push(...labelled(i === 0 ? label : '', toPrintableLine(text), columns))
  }
  lines.push('')
  const { evidence } = decision
  add('Ranking', rankingLines(decision))
  add('Examples', evidence.examples.map(checkLine))
  add(
    'Assertions',
    evidence.assertions.map((check) => `${checkLine(check)} · by ${check.writer ?? '?'}, weight ${check.weight.toFixed(2)}`),
  )
  add(
    'They differ',
    evidence.probes.filter(({ values }) => values.length > 1).map(({ call, values }) => `${call}: ${values.join(' or ')}`),
  )
  return `${lines.join('\n')}\n`
}

function bullet(text: string, columns: number): string[] {
  return wrap(text, Math.max(20, columns - 3)).map((line, i) => `${i === 0 ? '- ' : '  '}${line}`)
}

/** Every number that could have decided, so that the order can be followed. */
function rankingLines({ ranking, examples, assertions, method, suite }: Decision): readonly string[] {
  return ranking.map((one) => {
    if (one.problem !== null) return `${one.id}: ${one.problem}`
    const tests = suite?.find(({ candidate, grade }) => candidate === one.id && grade !== 'unverified')
    const given = tests === undefined ? [] : [`tests ${tests.passed}/${tests.total}`]
    const parts =
      method === 'execution-agreement'
        ? [
            `examples ${one.examplesPassed}/${examples.total}`,
            ...given,
            `assertions ${one.assertionsPassed}/${assertions.total}`,
            plural(one.votes, 'vote'),
          ]
        : [...given, `alike ${one.medoid.toFixed(2)}`, ...(one.strength > 0 ? [`model of ${one.strength} billion`] : [])]
    return `${one.id} ${(one.score ?? 0).toFixed(3)} · ${parts.join(' · ')}${one.count > 1 ? ` · written ${plural(one.count, 'time')}` : ''}`
  })
}

function checkLine({ call, expected, passedBy }: Decision['evidence']['examples'][number]): string {
  return `${call} → ${expected}: ${passedBy.length === 0 ? 'passed by nobody' : `passed by ${passedBy.join(', ')}`}`
}
