/** What the parts of the page have in common. */
import type { ComponentChildren } from "preact";
import { visible } from "../../visible.js";

export function Section(props: {
  readonly id: string;
  readonly title: string;
  readonly children: ComponentChildren;
}) {
  const { id, title, children } = props;
  return (
    <section id={id} aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  );
}

/** A box that scrolls by itself, by keyboard too. */
export function Scroll(props: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <div class="scroll" role="region" aria-label={props.label} tabIndex={0}>
      {props.children}
    </div>
  );
}

/** Text that others wrote. */
export function Theirs({ text }: { readonly text: string }) {
  return <>{visible(text)}</>;
}

export function Code({ text }: { readonly text: string }) {
  return <code>{visible(text)}</code>;
}

/** A time of a log, in UTC. */
export function Time({ text }: { readonly text: string }) {
  return <time dateTime={text}>{visible(text).replace("T", " ")}</time>;
}

export function formatTime(time: number): string {
  return new Date(time).toISOString().replace("T", " ");
}

export function formatBytes(bytes: number): string {
  if (bytes < 10_000) return `${bytes} bytes`;
  if (bytes < 10_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** A button that keeps the focus when it has nothing to do: a disabled one would lose it. */
export function Action(props: {
  readonly idle?: boolean;
  readonly onAct: () => void;
  readonly children: ComponentChildren;
}) {
  const { idle = false, onAct, children } = props;
  return (
    <button type="button" aria-disabled={idle} onClick={() => idle || onAct()}>
      {children}
    </button>
  );
}
