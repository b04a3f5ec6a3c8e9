import type { JsonObject } from '../../util/json-fields.ts'

/** A tool that the official API defines and the client runs: what its calls carry. */
export interface ClientTool {
  readonly name: string
  readonly description: string
  readonly schema: JsonObject
}

const path = { type: 'string', description: 'Absolute path of a file or folder.' }
const lines = { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 }

const bash: ClientTool = {
  name: 'bash',
  description: 'Runs a command in a bash session that stays open between calls.',
  schema: {
    type: 'object',
    properties: {
      command: { type: 'string', description: 'The command; not needed for a restart.' },
      restart: { type: 'boolean', description: 'True starts the session anew.' },
    },
  },
}

const memory: ClientTool = {
  name: 'memory',
  description:
    'Keeps notes in files below /memories over conversations: view, create, str_replace, insert, delete and rename.',
  schema: {
    type: 'object',
    properties: {
      command: { enum: ['view', 'create', 'str_replace', 'insert', 'delete', 'rename'] },
      path,
      view_range: lines,
      file_text: { type: 'string', description: 'For create: the whole content.' },
      old_str: { type: 'string', description: 'For str_replace: the text to replace, which must be unique.' },
      new_str: { type: 'string', description: 'For str_replace: the text in its place.' },
      insert_line: { type: 'integer', description: 'For insert: the line after which; 0 is the beginning.' },
      insert_text: { type: 'string', description: 'For insert: the text.' },
      old_path: { type: 'string', description: 'For rename.' },
      new_path: { type: 'string', description: 'For rename.' },
    },
    required: ['command'],
  },
}

/** `insertField`: what the text to insert is called, which differs between the versions of the tool. */
function textEditor(name: string, insertField: string, canUndo: boolean): ClientTool {
  const commands = ['view', 'create', 'str_replace', 'insert', ...(canUndo ? ['undo_edit'] : [])]
  return {
    name,
    description: `Reads and edits text files: ${commands.join(', ')}.`,
    schema: {
      type: 'object',
      properties: {
        command: { enum: commands },
        path,
        view_range: { ...lines, description: 'For view: first and last line, from 1; -1 is the end.' },
        file_text: { type: 'string', description: 'For create: the whole content.' },
        old_str: { type: 'string', description: 'For str_replace: the text to replace, exact and unique.' },
        new_str: { type: 'string', description: 'For str_replace: the text in its place.' },
        insert_line: {
          type: 'integer',
          description: 'For insert: the line after which; 0 is the beginning.',
        },
        [insertField]: { type: 'string', description: 'The new text.' },
      },
      required: ['command', 'path'],
    },
  }
}

const tools: ReadonlyMap<string, ClientTool> = new Map([
  ['bash_20241022', bash],
  ['bash_20250124', bash],
  ['memory_20250818', memory],
  ['text_editor_20241022', textEditor('str_replace_editor', 'new_str', true)],
  ['text_editor_20250124', textEditor('str_replace_editor', 'new_str', true)],
  ['text_editor_20250429', textEditor('str_replace_based_edit_tool', 'insert_text', false)],
  ['text_editor_20250728', textEditor('str_replace_based_edit_tool', 'insert_text', false)],
])

/** The tool of an official type, if the client runs it and its input is known. */
export function findClientTool(type: string): ClientTool | undefined {
  return tools.get(type)
}
