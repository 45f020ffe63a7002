import { CodeConductorError, EXIT } from '../../domain/errors.ts'
import { nearestName } from '../../domain/nearest-name.ts'
import type { Execute } from '../cli-context.ts'

const EXIT_CODES = `Exit codes
    0  a run agreed on a program, or the command succeeded
    1  internal error
    2  usage or configuration error
    3  no usable model backend or no isolation; with --verify also: nothing could be executed; with --tests: they could not tell
    4  no consensus (the report says who disagreed)
    5  agreed, but a test or an example failed
    6  stale artefact (--check)
    7  a patch does not apply
    8  budget of tokens or seconds exhausted
    9  refused by policy
   10  a replay diverged from its log
  130  interrupted (Ctrl-C)
  143  terminated (SIGTERM)
`

const TESTS = `Tests of your own

  codeconductor run --tests test_intervals.py
  codeconductor run "Keep touching intervals apart." --tests intervals.test.ts

The file imports the code that is asked for; agents see it, and every program they write is run against it in the sandbox.

  Python       unittest or pytest; the code is a module beside the tests
  JavaScript   node:test or vitest, with import; .js, .mjs, .ts, .mts. Where vitest itself is needed, it is
               taken from node_modules of this folder

Where one module is imported, that is the code; where several are, the one the file is named after, or --module NAME.
Tests that call functions with plain values run where no byte of the program is: their result is verified. Tests that need classes,
constants, fixtures or to wait for something run in the program's own process, which could tamper with them: their result says so.
Exit code 5: a program was agreed on, and it fails a test or an example. 3: the tests could not be run, or prove nothing.
`

/** Tells of a topic that is no command. */
export const execute: Execute = async (context, { args, options }) => {
  const topic = args.join(' ')
  if (topic === 'exit-codes') {
    context.stdout.write(EXIT_CODES)
    return EXIT.ok
  }
  if (topic === 'tests') {
    context.stdout.write(TESTS)
    return EXIT.ok
  }
  const known = Array.isArray(options['known']) ? options['known'].map(String) : []
  const near = nearestName(topic, ['exit-codes', 'tests', ...known])
  throw new CodeConductorError(
    'USAGE',
    `there is no help on "${topic.slice(0, 64)}"${near === null ? '' : ` (did you mean "${near}"?)`}`,
    {
      hint: 'codeconductor --help',
    },
  )
}
