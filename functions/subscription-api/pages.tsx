import type { HttpReply } from "../lambda/http.ts";
import { htmlReply } from "./page-shell.tsx";

export interface PageIdentity {
  pageName: string;
  pageUrl: string;
}

/** Opening a link changes nothing: mail scanners open them all. The button posts to the address the page was opened at. */
function Ask({ label }: { label: string }) {
  return (
    <form method="post">
      <button type="submit" name="from" value="page">
        {label}
      </button>
    </form>
  );
}

export function askToConfirm({ pageName, pageUrl }: PageIdentity): HttpReply {
  return htmlReply(200, {
    title: "Confirm your subscription",
    pageName,
    pageUrl,
    mark: "question",
    children: (
      <>
        <p>
          One click, and you will be told when something happens: what is wrong, what is being done, and when it is
          over.
        </p>
        <Ask label="Confirm subscription" />
      </>
    ),
  });
}

export function confirmed({ pageName, pageUrl }: PageIdentity): HttpReply {
  return htmlReply(200, {
    title: "You are subscribed",
    pageName,
    pageUrl,
    mark: "done",
    children: <p>From now on you will receive the updates you asked for. Each of them carries a link to leave.</p>,
  });
}

export function askToUnsubscribe({ pageName, pageUrl }: PageIdentity): HttpReply {
  return htmlReply(200, {
    title: "Unsubscribe?",
    pageName,
    pageUrl,
    mark: "question",
    children: (
      <>
        <p>You will not be told of incidents and maintenances any more. You can sign up again at any time.</p>
        <Ask label="Unsubscribe" />
      </>
    ),
  });
}

export function unsubscribed({ pageName, pageUrl }: PageIdentity): HttpReply {
  return htmlReply(200, {
    title: "You are unsubscribed",
    pageName,
    pageUrl,
    mark: "done",
    children: (
      <p>Nothing more will be sent to you. An update that is on its way at this very moment may still arrive.</p>
    ),
  });
}

/** The same for every link that does not work, so that nothing can be learnt by trying. */
export function linkDoesNotWork(pageUrl: string): HttpReply {
  return htmlReply(404, {
    title: "This link does not work",
    pageName: null,
    pageUrl,
    mark: "missing",
    children: <p>It may have been cut off, have expired, or have been replaced by a newer one.</p>,
  });
}

export function refused(
  status: number,
  problem: string,
  pageUrl: string,
  headers: Readonly<Record<string, string>>,
): HttpReply {
  return htmlReply(
    status,
    { title: "That did not work", pageName: null, pageUrl, mark: "missing", children: <p>{problem}.</p> },
    headers,
  );
}
