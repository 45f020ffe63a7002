import tab from '@bomb.sh/tab/commander'
import type { Command } from 'commander'

/**
 * Adds `completion <shell>`, which prints a script for the shell, and the hidden `complete` that such a script calls on every
 * Tab. Both know what the parser knows: no server is asked and no file is read.
 */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: 'completion' })
}
