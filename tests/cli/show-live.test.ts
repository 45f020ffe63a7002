import { expect, test } from 'vitest'
import { createLiveView } from '../../src/cli/show-live.ts'
import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { cliWorld } from './cli-world.ts'
import { assigned, granted, roundStarted, runEvents, started, turnStarted } from './run-events.ts'

const ESC = '\x1b'

function liveWorld() {
  const world = cliWorld({ isTty: true, env: { NO_COLOR: '1' } })
  const clock = createSimulatedClock()
  const view = createLiveView({
    context: world.context,
    clock,
    nowMs: () => clock.now(),
    load: () => ({ waiting: 0, draining: 0 }),
  })
  return { ...world, clock, view }
}

/** What a terminal of the world's width shows after `text`: enough of one for the sequences the view uses. */
function screen(text: string, columns = 80): { lines: string[]; isCursorShown: boolean } {
  const lines: string[] = ['']
  let row = 0
  let isCursorShown = true
  for (const [token] of text.matchAll(/\x1b\[[?\d]*[A-Za-z]|\n|\r|[^\x1b\n\r]+/g)) {
    if (token === '\n') {
      row += 1
      lines[row] ??= ''
    } else if (token === `${ESC}[0J`) lines.splice(row, lines.length, '')
    else if (token === `${ESC}[?25l`) isCursorShown = false
    else if (token === `${ESC}[?25h`) isCursorShown = true
    else if (/A$/.test(token)) row -= Number(/\d+/.exec(token)?.[0] ?? 1)
    else if (!token.startsWith(ESC) && token !== '\r') lines[row] = token.slice(0, columns)
  }
  return { lines, isCursorShown }
}

const drafting = runEvents([
  started,
  assigned,
  roundStarted,
  turnStarted('architect'),
  granted('architect', 'llamacpp/qwen-0.5b'),
])

test('the view redraws itself in place, with news above it', async () => {
  const { view, stderr, clock } = liveWorld()
  for (const event of drafting) view.event(event)
  await clock.advanceAsync(4_000)
  expect(screen(stderr.text())).toEqual({
    lines: [
      'run evidence, 1 round: architect, bug_hunter, coder',
      'models qwen-0.5b (architect, bug_hunter) · qwen3-coder:30b (coder)',
      'round 1 blind drafts: architect, bug_hunter, coder',
      'Round 1 · blind drafts                                                     0:04',
      '  architect   qwen-0.5b        reading the prompt · silent 4.0 s',
      '  bug_hunter  qwen-0.5b        –',
      '  coder       qwen3-coder:30b  –',
      '',
    ],
    isCursorShown: false,
  })
})

test('closing takes the view away, shows the cursor and draws no more', async () => {
  const { view, stderr, clock } = liveWorld()
  for (const event of drafting) view.event(event)
  view.close()
  view.close()
  const { lines, isCursorShown } = screen(stderr.text())
  expect([lines.at(-1), lines.length, isCursorShown]).toEqual(['', 4, true])
  const before = stderr.text()
  await clock.advanceAsync(1_000)
  view.print('late')
  expect(stderr.text()).toBe(before)
  expect(clock.pendingTimers()).toBe(0)
})

test('a process that ends without closing the view shows the cursor again', () => {
  const { exit, stderr } = liveWorld()
  exit()
  expect(screen(stderr.text()).isCursorShown).toBe(true)
})

test('a terminal that became narrower is cleaned of the lines it wrapped', () => {
  const { view, stderr } = liveWorld()
  for (const event of drafting) view.event(event)
  const before = stderr.text().length
  stderr.columns = 40
  view.print('narrow now')
  // The heading took 79 columns, now two rows; three agents' rows of 31 to 54 columns take four.
  expect(stderr.text().slice(before)).toMatch(/^\x1b\[\d+A\r\x1b\[0J/)
  expect(Number(/^\x1b\[(\d+)A/.exec(stderr.text().slice(before))?.[1])).toBe(6)
})
