import type { SettingInfo, SettingKind } from './setting-info.ts'

const words: Readonly<Record<SettingKind, (info: SettingInfo) => string>> = {
  switch: () => 'true or false',
  'whole-number': (info) => `whole number, ${describeBounds(info)}`,
  number: (info) => `number, ${describeBounds(info)}`,
  text: () => 'text',
  'long-text': () => 'text of several lines',
  choice: ({ choices = [] }) => choices.join(', '),
  'text-list': () => 'list of texts',
  'number-list': () => 'list of HTTP statuses',
}

/** The type of a setting in the words of the documentation, with its bounds or its choices. */
export function describeType(info: SettingInfo): string {
  return words[info.kind](info)
}

function describeBounds({ minimum, maximum }: SettingInfo): string {
  return `${minimum} to ${maximum}`
}
