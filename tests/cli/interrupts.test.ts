import { expect, test } from 'vitest'
import { createInterrupts } from '../../src/cli/interrupts.ts'

function world() {
  const log: string[] = []
  const time = { ms: 0 }
  const interrupts = createInterrupts(
    () => time.ms,
    (code) => void log.push(`exit ${code}`),
  )
  return { log, time, interrupts }
}

test('with nobody listening a signal ends the process with its code', () => {
  const { log, interrupts } = world()
  interrupts.signal('SIGINT')
  interrupts.signal('SIGTERM')
  expect(log).toEqual(['exit 130', 'exit 143'])
})

test('a first signal is told, a second within two seconds ends the process at once', () => {
  const { log, time, interrupts } = world()
  interrupts.listen((signal) => void log.push(`told ${signal}`))
  interrupts.signal('SIGINT')
  time.ms = 2_000
  interrupts.signal('SIGINT')
  expect(log).toEqual(['told SIGINT', 'exit 130'])
})

test('a second signal after more than two seconds is told again', () => {
  const { log, time, interrupts } = world()
  const leave = interrupts.listen((signal) => void log.push(`told ${signal}`))
  interrupts.signal('SIGINT')
  time.ms = 2_001
  interrupts.signal('SIGINT')
  leave()
  time.ms = 9_000
  interrupts.signal('SIGTERM')
  expect(log).toEqual(['told SIGINT', 'told SIGINT', 'exit 143'])
})
