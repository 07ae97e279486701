import type { MailStrings } from "../strings.ts";

export const mails: MailStrings = {
  updateEmail: {
    follow: "Hier können Sie den Verlauf mitverfolgen:",
    earlier: "Frühere Meldungen",
    readWhole: "Ganze Meldung lesen",
    older: (count) =>
      count === 1
        ? "Eine ältere Meldung finden Sie auf der Statusseite:"
        : `${count} ältere Meldungen finden Sie auf der Statusseite:`,
    readAll: "alle lesen",
    why: (page) => ["Sie erhalten diese E-Mail, weil Sie die Statusmeldungen von ", page, " abonniert haben."],
    leave: "Abmelden oder Auswahl ändern",
    reminder: "Erinnerung",
    beginsSoon: (time) => `Diese Wartung beginnt in Kürze: ${time}.`,
  },
  letters: {
    linkWorks: (days) => `Der Link ist ${days === 1 ? "einen Tag" : `${days} Tage`} lang gültig.`,
    fallback: "Falls die Schaltfläche nicht funktioniert, öffnen Sie bitte diese Adresse:",
    ignore: "Falls diese Anfrage nicht von Ihnen stammt, brauchen Sie nichts zu tun: Ohne den Link ändert sich nichts.",
    decline: (decline) => [
      "Falls jemand anderes Ihre Adresse angegeben hat, ",
      decline("sperren Sie sie für diese Seite"),
      ".",
    ],
    seePage: "Zur Statusseite",
  },
  confirmation: {
    subject: (name) => `Bitte bestätigen Sie Ihr Abonnement von ${name}`,
    preheader: (name) => `Ein Klick, und Sie erhalten die Statusmeldungen von ${name}.`,
    headline: "Bitte bestätigen Sie Ihr Abonnement",
    asked: (page) => [
      "Jemand, vermutlich Sie selbst, möchte Ihnen die Statusmeldungen von ",
      page,
      " senden lassen. Bitte bestätigen Sie dies, um sie zu erhalten.",
    ],
    button: "Abonnement bestätigen",
    ignore: (decline) => [
      "Falls diese Anfrage nicht von Ihnen stammt, brauchen Sie nichts zu tun: Ohne Bestätigung erhalten Sie keine Meldungen. Falls das öfter vorkommt, ",
      decline("sperren Sie Ihre Adresse"),
      ".",
    ],
  },
  manageLink: {
    subject: (name) => `Ihr Abonnement von ${name} ändern`,
    preheader: "Auswahl ändern, pausieren oder abmelden.",
    headline: "Ihr Abonnement ändern",
    asked: (page, address) => [
      "Jemand, vermutlich Sie selbst, hat diesen Link angefordert. Damit legen Sie fest, welche Meldungen von ",
      page,
      " an ",
      address,
      " gesendet werden. Sie können das Abonnement auch pausieren, sich abmelden oder Ihre Daten löschen lassen.",
    ],
    button: "Abonnement öffnen",
    secret: "Wer den Link besitzt, kann ihn benutzen. Bitte leiten Sie diese E-Mail nicht weiter.",
  },
  unsubscribed: {
    subject: (name) => `Sie sind bei ${name} abgemeldet`,
    preheader: (days) => `Ein Versehen? Sie können es ${days} Tage lang rückgängig machen.`,
    headline: "Sie sind abgemeldet",
    nothingMore: (page, address) => ["Statusmeldungen von ", page, " werden nicht mehr an ", address, " gesendet."],
    askedAt: "Wann",
    askedHow: "Wie",
    how: {
      link: "Jemand hat den Link zum Abmelden in einer unserer E-Mails geöffnet und bestätigt.",
      "mail program": "Jemand hat in seinem E-Mail-Programm auf „Abbestellen“ geklickt.",
      "manage page": "Jemand hat die Seite benutzt, auf der das Abonnement geändert wird.",
      operator: "Das Betreiberteam der Statusseite hat die Adresse abgemeldet.",
    },
    shared:
      "Wenn mehrere Personen diese Adresse lesen, etwa bei einem Verteiler, kann eine davon alle abgemeldet haben. Wer dies liest, kann es rückgängig machen:",
    button: "Meldungen wieder erhalten",
    why: "Wenn dies Ihr Wunsch war, brauchen Sie nichts zu tun: Dies war die letzte E-Mail.",
  },
  quarantine: {
    subject: (name, host) => `${name} sendet keine Meldungen mehr an Ihren Webhook bei ${host}`,
    preheader: (host, since) => `${host} hat seit ${since} nichts mehr angenommen.`,
    headline: "Ihr Webhook wird nicht mehr aufgerufen",
    refused: (page, host) => [
      "Ihr Endpunkt bei ",
      host,
      " hat keine der Meldungen angenommen, die ",
      page,
      " gesendet hat. Alle Versuche über drei Tage sind fehlgeschlagen. Deshalb wird er nicht mehr aufgerufen.",
    ],
    many: {
      subject: (name, count) => `${name} sendet keine Meldungen mehr an ${count} Ihrer Webhooks`,
      preheader: (count) => `${count} Ihrer Webhooks haben seit drei Tagen nichts angenommen.`,
      headline: "Einige Ihrer Webhooks werden nicht mehr aufgerufen",
      refused: (page, count) => [
        `${count} Ihrer Endpunkte haben keine der Meldungen angenommen, die `,
        page,
        " an sie gesendet hat. Alle Versuche innerhalb von drei Tagen sind fehlgeschlagen, daher werden sie nicht mehr aufgerufen.",
      ],
      since: (time, answer) => `fehlerhaft seit ${time}; letzter Versuch: ${answer}`,
      others: (count) => `Und ${count} weitere.`,
    },
    failingSince: "Fehlerhaft seit",
    stopped: "Eingestellt",
    lastAttempt: "Letzter Versuch",
    noAnswer: "keine Antwort",
    comingBack:
      "Sobald er wieder Anfragen annimmt, melden Sie ihn bitte auf demselben Weg wie zuvor neu an, oder wenden Sie sich an das Betreiberteam der Statusseite. Zwischenzeitliche Meldungen werden nicht nachgesendet.",
    meanwhile: "Bis dahin finden Sie alles auf der Statusseite.",
    why: "Sie erhalten diese E-Mail einmalig, weil Ihre Adresse als Kontakt des Endpunkts angegeben wurde.",
  },
  portal: {
    subject: (host, name) => (host === null ? `Ihr Webhook für ${name}` : `Ihr Webhook bei ${host}`),
    preheader: "Zustellversuche, Wiederholungen, ein Test und das Signaturgeheimnis.",
    headline: "Ihr Webhook",
    asked: (page, host) => [
      "Jemand, vermutlich Sie selbst, hat diesen Link angefordert. Damit sehen Sie, was ",
      page,
      ...(host === null ? [" an Ihren Endpunkt"] : [" an den Endpunkt bei ", host]),
      " gesendet und was dieser geantwortet hat. Sie können Meldungen erneut senden lassen, einen Test senden und das Signaturgeheimnis wechseln.",
    ],
    button: "Seite des Webhooks öffnen",
    unproven: (days) =>
      `Wird der Endpunkt nicht innerhalb ${days === 1 ? "eines Tages" : `von ${days} Tagen`} bestätigt, wird er entfernt, und mit ihm dieser Link.`,
    secret: "Wer den Link besitzt, kann ihn benutzen. Bitte leiten Sie diese E-Mail nicht weiter.",
  },
  chatConfirmation: {
    subject: (chat, name) => `Bitte bestätigen Sie den ${chat}-Webhook für ${name}`,
    preheader: (chat) => `Ein Klick, und die Statusmeldungen erscheinen in ${chat}.`,
    headline: (chat) => `Bitte bestätigen Sie Ihren ${chat}-Webhook`,
    asked: (page, chat, host) => [
      "Jemand, vermutlich Sie selbst, möchte die Statusmeldungen von ",
      page,
      ` in einem Kanal in ${chat} veröffentlichen lassen`,
      ...(host === null ? [] : [", über den Webhook bei ", host]),
      ".",
    ],
    test: "In diesem Kanal haben wir einen Test veröffentlicht. Wenn Sie ihn gesehen haben und es der richtige Kanal ist, bestätigen Sie bitte den Webhook.",
    button: "Webhook bestätigen",
    ignore:
      "Falls diese Anfrage nicht von Ihnen stammt, brauchen Sie nichts zu tun: Ohne Bestätigung wird dort nichts weiter veröffentlicht.",
  },
  chatTest: {
    label: "Test",
    title: (page) => `Statusmeldungen von ${page}`,
    body: {
      hello:
        "Dies ist ein Test. Sobald der Webhook über die E-Mail bestätigt ist, die sein Kontakt bekommt, erscheinen hier die Statusmeldungen.",
      test: "Dies ist ein Test, der auf der Seite des Webhooks angefordert wurde. Es ist nichts passiert.",
    },
  },
};
