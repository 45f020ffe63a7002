import type { RunResult } from '../app/start-run.ts'
import { plural } from './format.ts'
import { toPrintableLine } from './printable.ts'
import { labelled } from './wrap.ts'

type RunContext = RunResult['context']
type Decision = NonNullable<RunContext['judgement']>['decision']

/** Returns why a run ended as it did: the ranking with its numbers, the checks with who passed them, what was left open. */
export function renderExplanation(run: RunContext | null, columns: number): string {
  const judgement = run?.judgement ?? null
  const lines: string[] = []
  const add = (label: string, text: string): void => void lines.push(...labelled(label, toPrintableLine(text), columns))
  if (run === null || judgement === null) {
    add(
      'Ended',
      run?.stopReason == null ? 'before anything was judged' : `${run.stopReason}${run.detail === '' ? '' : `: ${run.detail}`}`,
    )
    for (const { spec, abstained } of Object.values(run?.agents ?? {})) {
      if (abstained !== null) add(spec.id, `${abstained.code}: ${abstained.message}`)
    }
    return `${lines.join('\n')}\n`
  }
  const { decision, verdict } = judgement
  add('Winner', verdict.winner === null ? 'none' : `${verdict.winner} · ${verdict.grade} · ${decision.method}`)
  add('Why', verdict.reason)
  add(
    'Confidence',
    `${verdict.confidence.toFixed(2)}${decision.confidence.caps.map(({ at, why }) => ` · at most ${at}: ${why}`).join('')}`,
  )
  for (const [i, line] of rankingLines(decision).entries()) add(i === 0 ? 'Ranking' : '', line)
  for (const [i, check] of decision.evidence.examples.entries()) add(i === 0 ? 'Examples' : '', checkLine(check))
  for (const [i, check] of decision.evidence.assertions.entries())
    add(i === 0 ? 'Assertions' : '', `${checkLine(check)} · by ${check.writer ?? '?'}, weight ${check.weight.toFixed(2)}`)
  for (const [i, probe] of decision.evidence.probes.filter(({ values }) => values.length > 1).entries()) {
    add(i === 0 ? 'They differ' : '', `${probe.call}: ${probe.values.join(' or ')}`)
  }
  for (const [i, writer] of decision.writers.filter(({ isBelieved }) => !isBelieved).entries()) {
    add(i === 0 ? 'Not believed' : '', `${writer.writer}: wrong about ${writer.wrong} of ${writer.known} known answers`)
  }
  if (decision.tiesBrokenBy.length > 0) add('Ties', decision.tiesBrokenBy.join(', '))
  for (const [i, { without, winner }] of decision.counterfactuals.filter(({ winner }) => winner !== decision.winner).entries()) {
    add(i === 0 ? 'But for' : '', `without ${without}, ${winner ?? 'nobody'} would have won`)
  }
  for (const [i, { agent, candidate, why }] of verdict.dissent.entries())
    add(i === 0 ? 'Dissent' : '', `${agent} (${candidate}): ${why}`)
  add('Stopped', `${decision.stop.isSettled ? 'settled' : 'open'}: ${decision.stop.why}`)
  return `${lines.join('\n')}\n`
}

function rankingLines({ ranking, examples, assertions, method }: Decision): readonly string[] {
  return ranking.map((one) => {
    if (one.problem !== null) return `${one.id}: ${one.problem}`
    const parts =
      method === 'execution-agreement'
        ? `examples ${one.examplesPassed}/${examples.total} · assertions ${one.assertionsPassed}/${assertions.total} · ${plural(one.votes, 'vote')}`
        : `alike ${one.medoid.toFixed(2)}`
    return `${one.id} ${one.score.toFixed(3)} · ${parts}${one.count > 1 ? ` · written ${one.count} times` : ''}`
  })
}

function checkLine({ call, expected, passedBy }: Decision['evidence']['examples'][number]): string {
  return `${call} → ${expected}: ${passedBy.length === 0 ? 'passed by nobody' : `passed by ${passedBy.join(', ')}`}`
}
