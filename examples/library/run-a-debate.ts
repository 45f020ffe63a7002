import { type Debate, loadPersonas, replayRun, runDebate } from 'codeconductor'

/** Debates a task, prints what happens, and goes through the log again with no model. Ends early on Ctrl-C. */
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const personas = await loadPersonas('personas')
const debate: Debate = await runDebate({
  prompt: 'Write merge_intervals(intervals) in Python. merge_intervals([[1, 3], [2, 6]]) == [[1, 6]]',
  personas,
  agents: ['architect', 'coder', 'bug_hunter'],
  limits: { turnTimeoutSeconds: 120 },
  signal: stop.signal,
})

for await (const event of debate) {
  if (event.type === 'turn.completed') console.log(`${event.agent} answered with ${event.usage.outputTokens} tokens`)
  if (event.type === 'verdict.reached') console.log(`winner ${event.verdict.winner}, ${event.verdict.grade}`)
}

const result = await debate.result
const replay = await replayRun(result.folder)
console.log(`${result.outcome}; replayed to ${replay.digest === result.digest ? 'the same' : 'another'} digest`)
