import { fences } from '../markdown.ts';

/** A file that the reader is told to write: the block of "```yaml checkout.yaml". */
export interface FileStep {
  kind: 'file';
  line: number;
  name: string;
  text: string;
}

/** A command that the reader is told to type, and what they are told to see. */
export interface CommandStep {
  kind: 'command';
  /** Of the document, from 1. */
  line: number;
  command: string;
  /** `...` stands for lines that are left out. Empty: nothing is said about the output. */
  shown: string[];
  /** Lines that the command itself takes in the document. */
  height: number;
}

export type Step = FileStep | CommandStep;

/** What a document tells its reader to do, in order: its files, and the commands of its `console` blocks. */
export function stepsOf(text: string): Step[] {
  return fences(text).flatMap((fence): Step[] => {
    const [language, name] = fence.info.split(/\s+/);
    if (language === 'console') return commandsOf(fence.body, fence.line);
    return name ? [{ kind: 'file', line: fence.line, name, text: fence.body }] : [];
  });
}

function commandsOf(body: string, firstLine: number): CommandStep[] {
  const steps: CommandStep[] = [];
  const lines = body.replace(/\n$/, '').split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (!line.startsWith('$ ')) {
      const step = steps.at(-1);
      if (!step) throw new Error(`line ${firstLine + i}: output before any command`);
      step.shown.push(line);
      continue;
    }
    const from = i;
    let command = line.slice(2);
    while (command.endsWith('\\')) command = `${command}\n${lines[++i] ?? ''}`;
    steps.push({ kind: 'command', line: firstLine + from, command, shown: [], height: i - from + 1 });
  }
  return steps;
}
