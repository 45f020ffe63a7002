import { createSimulatedClock } from '../../src/system/simulated-clock.ts'
import { createSystemClock } from '../../src/system/system-clock.ts'
import { clockContract } from './clock.contract.ts'

clockContract('system', () => {
  const clock = createSystemClock()
  return { clock, pass: (ms) => new Promise((resolve) => clock.setTimer(resolve, ms)) }
})

clockContract('simulated', () => {
  const clock = createSimulatedClock()
  return { clock, pass: (ms) => clock.advanceAsync(ms) }
})
