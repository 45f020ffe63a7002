import { CodeConductorError, EXIT } from '../../domain/errors.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import type { Execute } from '../cli-context.ts'

const EXIT_CODES = `Exit codes
    0  a run agreed on a program, or the command succeeded
    1  internal error
    2  usage or configuration error
    3  no usable model backend or no isolation; with --verify also: nothing could be executed
    4  no consensus (the report says who disagreed)
    5  agreed, but tests failed
    6  stale artefact (--check)
    7  a patch does not apply
    8  budget of tokens or seconds exhausted
    9  refused by policy
   10  a replay diverged from its log
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)
`

/** Tells of a topic that is no command. */
export const execute: Execute = async (context, { args, options }) => {
  const topic = args.join(' ')
  if (topic === 'exit-codes') {
    context.stdout.write(EXIT_CODES)
    return EXIT.ok
  }
  const known = Array.isArray(options['known']) ? options['known'].map(String) : []
  const near = nearestName(topic, ['exit-codes', ...known])
  throw new CodeConductorError(
    'USAGE',
    `there is no help on "${topic.slice(0, 64)}"${near === null ? '' : ` (did you mean "${near}"?)`}`,
    {
      hint: 'codeconductor --help',
    },
  )
}
