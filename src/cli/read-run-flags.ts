import type { Config } from '../domain/config.ts'
import { ServerKind } from '../domain/config.ts'
import { CodeConductorError } from '../domain/errors.ts'
import { nearestName } from '../domain/nearest-name.ts'
import type { CommandInput } from './cli-context.ts'
import { readNumber } from './read-number.ts'

/** A value that a flag gives to one field of the configuration. */
export interface FlagSetting {
  readonly path: string
  readonly value: unknown
  readonly where: string
}

type Options = CommandInput['options']
type Read = (text: unknown, flag: string) => unknown

const asText: Read = (text) => text
const asNumber: Read = (text, flag) => readNumber(flag, text)
const asList: Read = (text) =>
  String(text)
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** Per option, by its camel-case name: the flag as typed, the field it sets, how its text is read. */
const FIELDS: readonly (readonly [option: string, flag: string, path: string, read: Read])[] = [
  ['personas', '--personas', 'personas', asText],
  ['agents', '--agents', 'agents', asList],
  ['protocol', '--protocol', 'protocol', asText],
  ['rounds', '--rounds', 'rounds', asNumber],
  ['timeoutPerTurn', '--timeout-per-turn', 'limits.turnTimeoutSeconds', asNumber],
  ['budgetSeconds', '--budget-seconds', 'limits.budgetSeconds', asNumber],
  ['budgetTokens', '--budget-tokens', 'limits.budgetTokens', asNumber],
  ['temperature', '--temperature', 'sampling.temperature', asNumber],
  ['topP', '--top-p', 'sampling.topP', asNumber],
  ['maxTokens', '--max-tokens', 'sampling.maxTokens', asNumber],
  ['out', '--out', 'artifactsDir', asText],
]

/** Returns what the flags set in the configuration, `--backend` excepted. Throws `USAGE` for a text that is no number. */
export function readFlagSettings(options: Options): FlagSetting[] {
  return FIELDS.flatMap(([option, flag, path, read]) =>
    options[option] === undefined ? [] : [{ path, value: read(options[option], flag), where: flag }],
  )
}

/**
 * Returns what `--backend` sets: `mock`, an address, the name of a configured server, or a kind of server to look for.
 * `configured` are the servers of the configuration without this flag. Throws `USAGE` with the nearest name.
 */
export function readBackendFlag(options: Options, configured: Config['backends']): FlagSetting[] {
  const which = options['backend']
  if (typeof which !== 'string') return []
  const where = '--backend'
  if (which === 'mock') return [{ path: 'quick', value: true, where }]
  const only = (value: Config['backends']): FlagSetting[] => [
    { path: 'quick', value: false, where },
    { path: 'backends', value, where },
    { path: 'discovery', value: false, where },
  ]
  if (/^https?:\/\//i.test(which)) {
    // `openai` accepts every make of server; what it is is found out.
    return [...only([{ kind: 'openai', url: which }]), { path: 'engineBackends', value: ServerKind.options, where }]
  }
  const named = configured.find((backend) => backend.name === which)
  if (named !== undefined) return only([named])
  const kind = ServerKind.safeParse(which.toLowerCase())
  if (kind.success) {
    return [
      { path: 'quick', value: false, where },
      { path: 'engineBackends', value: [kind.data], where },
    ]
  }
  const names = ['mock', ...ServerKind.options, ...configured.flatMap(({ name }) => name ?? [])]
  const near = nearestName(which, names)
  throw new CodeConductorError(
    'USAGE',
    `--backend: nothing is called "${which.slice(0, 64)}"${near === null ? `; there are ${names.join(', ')}, or an http:// address` : ` (did you mean "${near}"?)`}`,
    { hint: 'codeconductor models' },
  )
}

/** Returns the pairs of a flag that is given as `role=name`, by role. Throws `USAGE` for another form or a role named twice. */
export function readPairs(options: Options, option: string): Readonly<Record<string, string>> {
  const flag = `--${option}`
  const given = Array.isArray(options[option]) ? options[option].map(String) : []
  const pairs = new Map<string, string>()
  for (const one of given) {
    const at = one.indexOf('=')
    const [role, name] = [one.slice(0, at).trim(), one.slice(at + 1).trim()]
    if (at < 1 || name === '') throw pairUsage(flag, `${flag} wants role=name, not "${one.slice(0, 64)}"`)
    if (pairs.has(role)) throw pairUsage(flag, `${flag} names "${role.slice(0, 64)}" twice`)
    pairs.set(role, name)
  }
  return Object.fromEntries(pairs)
}

function pairUsage(flag: string, message: string): CodeConductorError {
  return new CodeConductorError('USAGE', message, { hint: `codeconductor run ${flag} coder=…` })
}
