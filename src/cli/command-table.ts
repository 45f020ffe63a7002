import type { Execute } from './cli-context.ts'

/** An option as commander reads it. */
export interface OptionSpec {
  readonly flags: string
  readonly summary: string
  readonly choices?: readonly string[]
  /** May be given more than once; the values make a list. */
  readonly isRepeatable?: true
}

/** A command: what `--help` says of it, and where its code is. */
export interface CommandSpec {
  /** Words to type, e.g. `runs list`. */
  readonly path: string
  readonly args?: string
  readonly summary: string
  readonly options?: readonly OptionSpec[]
  /** Lines below the help. */
  readonly examples?: readonly string[]
  readonly load: () => Promise<{ readonly execute: Execute }>
}

const JSON_LINES: OptionSpec = { flags: '--json', summary: 'JSON Lines on stdout, nothing else there' }
const OUT: OptionSpec = { flags: '--out <dir>', summary: 'folder that holds the runs (default: artifacts)' }
const BACKEND: OptionSpec = {
  flags: '--backend <which>',
  summary: 'kind, address or configured name of a server; mock = no model',
}
const PERSONAS: OptionSpec = { flags: '--personas <path>', summary: 'folder or file of personas (default: those that ship)' }

const RUN: readonly OptionSpec[] = [
  { flags: '-p, --prompt <text>', summary: 'the task; else --prompt-file, else stdin when piped' },
  { flags: '--prompt-file <path>', summary: 'file that holds the task' },
  PERSONAS,
  { flags: '--agents <ids>', summary: 'who takes part, separated by commas' },
  { flags: '--model <role=name>', summary: 'model of one agent, * allowed; may be repeated', isRepeatable: true },
  BACKEND,
  { flags: '--protocol <name>', summary: 'how they debate', choices: ['evidence', 'classic', 'solo'] },
  { flags: '--rounds <n>', summary: 'rounds; above 1 asks for debate' },
  { flags: '--language <name>', summary: 'language of the code (default: told from the prompt)' },
  { flags: '--tests <file>', summary: 'your test file, which the program has to pass' },
  { flags: '--module <name>', summary: 'the module it tests, where it imports several' },
  { flags: '--timeout-per-turn <seconds>', summary: 'longest a single answer may take' },
  { flags: '--budget-seconds <n>', summary: 'longest the run may take' },
  { flags: '--budget-tokens <n>', summary: 'most tokens, in and out, the run may use' },
  { flags: '--temperature <n>', summary: "overrides every persona's" },
  { flags: '--top-p <n>', summary: "overrides every persona's" },
  { flags: '--max-tokens <n>', summary: 'tokens one answer may have' },
  { flags: '--seed <n>', summary: 'seed sent with every request' },
  { flags: '--verify', summary: 'exit 3 when nothing could be executed' },
  OUT,
  JSON_LINES,
]

const REPLAY: readonly OptionSpec[] = [
  { flags: '--strict', summary: 'everything must be as recorded (default)' },
  { flags: '--effects', summary: 'what was asked of models and sandbox must be; states may differ' },
  { flags: '--outcome', summary: 'the end must be' },
  { flags: '--speed <n>', summary: 'play it back as it happened, n times as fast' },
  { flags: '-q, --quiet', summary: 'only the end; of several, only those that differ' },
  OUT,
  JSON_LINES,
]

const RESUME: readonly OptionSpec[] = [
  BACKEND,
  { flags: '--verify', summary: 'exit 3 when nothing could be executed' },
  OUT,
  JSON_LINES,
]

const FORK: readonly OptionSpec[] = [
  { flags: '--at <place>', summary: 'record (60), round (round:2) or answered turns (turn:15)' },
  { flags: '-p, --prompt <text>', summary: 'another task' },
  { flags: '--rounds <n>', summary: 'another number of rounds' },
  { flags: '--model <role=name>', summary: 'another model for an agent; may be repeated', isRepeatable: true },
  { flags: '--persona <role=id>', summary: 'another persona for an agent; may be repeated', isRepeatable: true },
  PERSONAS,
  ...RESUME,
]

const DEMO: readonly OptionSpec[] = [
  BACKEND,
  { flags: '--offline', summary: 'play the recording even where a server is found' },
  OUT,
  JSON_LINES,
]

/**
 * Every command, in the order of the help. One is a file in `commands/` that exports `execute` and an entry here. This table
 * and commander are all that `--help`, `--version` and completion load.
 */
export const COMMANDS: readonly CommandSpec[] = [
  {
    path: 'run',
    args: '[prompt]',
    summary: 'have a team of local models draft, debate and decide on a task',
    options: RUN,
    examples: [
      'codeconductor run "Write merge_intervals(intervals) in Python."',
      'codeconductor run --agents architect,coder,bug_hunter --prompt-file task.md --rounds 2',
      'codeconductor run --tests test_intervals.py     the task is what the tests say',
      'codeconductor run --prompt "…" --json | jq -c .type',
    ],
    load: () => import('./commands/run.ts'),
  },
  {
    path: 'demo',
    summary: 'see it work: on a server if one is found, else from a recording',
    options: DEMO,
    load: () => import('./commands/demo.ts'),
  },
  {
    path: 'replay',
    args: '<run...>',
    summary: 'go through a run again from its log, with no model',
    options: REPLAY,
    examples: [
      'codeconductor replay last',
      'codeconductor replay last --speed 4',
      'codeconductor replay tests/golden other.log.jsonl     one line each, exit 10 when one differs',
    ],
    load: () => import('./commands/replay.ts'),
  },
  {
    path: 'resume',
    args: '<run>',
    summary: 'go on with a run that was interrupted',
    options: RESUME,
    load: () => import('./commands/resume.ts'),
  },
  {
    path: 'fork',
    args: '<run>',
    summary: 'go on from a point of a run with something changed; what came before costs nothing',
    options: FORK,
    examples: [
      'codeconductor fork last --at turn:2 --model coder=qwen2.5-coder:7b',
      'codeconductor fork 7Q2F --at round:1 --persona coder=reviewer',
    ],
    load: () => import('./commands/fork.ts'),
  },
  {
    path: 'diff',
    args: '<run> <run>',
    summary: 'compare two runs, turn by turn',
    options: [{ flags: '--markdown', summary: 'as a page, with every changed text whole' }, OUT, JSON_LINES],
    load: () => import('./commands/diff.ts'),
  },
  {
    path: 'record',
    args: '<name> [prompt]',
    summary: 'run once and keep log and answers for tests without a model',
    options: [
      ...RUN.filter(({ flags }) => flags !== '--verify'),
      { flags: '--proxy <port>', summary: 'instead of a run: record what any client asks a server, through this port' },
      { flags: '--target <url>', summary: 'with --proxy: the server behind (default: the first that answers)' },
    ],
    examples: [
      'codeconductor record tests/fixtures/add "Write add(a, b) in Python."',
      'codeconductor record --proxy 8900 --target http://127.0.0.1:11434 session',
    ],
    load: () => import('./commands/record.ts'),
  },
  {
    path: 'explain',
    args: '<run>',
    summary: 'say why a run ended as it did',
    options: [OUT],
    load: () => import('./commands/explain.ts'),
  },
  {
    path: 'runs list',
    summary: 'list the runs, newest first',
    options: [{ flags: '-n, --limit <n>', summary: 'how many (default: 20; with --json all)' }, OUT, JSON_LINES],
    load: () => import('./commands/runs-list.ts'),
  },
  {
    path: 'runs show',
    args: '<run>',
    summary: 'show one run and its files',
    options: [OUT, JSON_LINES],
    load: () => import('./commands/runs-show.ts'),
  },
  { path: 'runs rm', args: '<run...>', summary: 'remove runs', options: [OUT], load: () => import('./commands/runs-rm.ts') },
  {
    path: 'runs prune',
    summary: 'remove old runs; never one that is pinned, running, or the parent of a fork that stays',
    options: [
      { flags: '--keep <n>', summary: 'the newest n stay' },
      { flags: '--days <n>', summary: 'those younger than n days stay' },
      { flags: '--dry-run', summary: 'only say which would go' },
      OUT,
      JSON_LINES,
    ],
    examples: ['codeconductor runs prune --keep 50 --days 30 --dry-run'],
    load: () => import('./commands/runs-prune.ts'),
  },
  {
    path: 'runs verify',
    args: '<run...>',
    summary: 'check every line, payload and seal',
    options: [OUT, JSON_LINES],
    load: () => import('./commands/runs-verify.ts'),
  },
  {
    path: 'runs pin',
    args: '<run...>',
    summary: 'keep runs from being removed',
    options: [OUT],
    load: () => import('./commands/runs-pin.ts'),
  },
  {
    path: 'runs unpin',
    args: '<run...>',
    summary: 'let them be removed again',
    options: [OUT],
    load: () => import('./commands/runs-unpin.ts'),
  },
  {
    path: 'personas list',
    summary: 'list the personas',
    options: [PERSONAS, JSON_LINES],
    load: () => import('./commands/personas-list.ts'),
  },
  {
    path: 'personas check',
    args: '[path...]',
    summary: 'check persona files',
    options: [JSON_LINES],
    load: () => import('./commands/personas-check.ts'),
  },
  {
    path: 'models',
    summary: 'list the servers that answer and their models',
    options: [BACKEND, JSON_LINES],
    load: () => import('./commands/models.ts'),
  },
  {
    path: 'config show',
    summary: 'show the configuration that holds here',
    options: [{ flags: '--origin', summary: 'and what set each value' }, JSON_LINES],
    load: () => import('./commands/config-show.ts'),
  },
  {
    path: 'doctor',
    summary: 'say what this machine can do',
    options: [{ flags: '--sandbox', summary: 'only how code would be run here' }, BACKEND, JSON_LINES],
    load: () => import('./commands/doctor.ts'),
  },
  {
    path: 'calibrate',
    summary: 'fit CODEBLEU_WEIGHTS on recorded runs and say what that gains on tasks held out',
    options: [
      { flags: '--tasks <dir>', summary: 'folder of tasks with hidden checks (default: those that ship)' },
      { flags: '--recordings <file>', summary: 'recorded answers to them (default: those that ship)' },
      { flags: '--json', summary: 'JSON on stdout' },
    ],
    load: () => import('./commands/calibrate.ts'),
  },
  {
    path: 'completion',
    args: '<shell>',
    summary: 'print the completion script of bash, zsh, fish or pwsh',
    examples: [
      'source <(codeconductor completion bash)',
      'codeconductor completion fish > ~/.config/fish/completions/codeconductor.fish',
    ],
    load: () => import('./commands/completion.ts'),
  },
  {
    path: 'help',
    args: '[topic...]',
    summary: 'help on a command, or on: exit-codes, tests',
    load: () => import('./commands/help.ts'),
  },
]

/** What stands behind a group in the help. */
export const GROUPS: Readonly<Record<string, string>> = {
  runs: 'look at past runs',
  personas: 'look at personas',
  config: 'look at the configuration',
}
