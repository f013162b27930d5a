// SPDX-License-Identifier: Apache-2.0
// The packets of an event's flows as a file; where there are none, why.
import { useRecorder } from "../../api/queries";
import type { EventRow } from "../../gen/api";
import { useWords } from "../../i18n";
import { Icon } from "../../parts/Icon";
import { time } from "../../parts/format";

export function Packets({ event }: { event: EventRow }) {
  const { t } = useWords();
  const recorder = useRecorder().data;
  if (!recorder) return null;
  const gone = recorder.oldest === null || Date.parse(event.last) < Date.parse(recorder.oldest);
  if (recorder.on && !gone) {
    return (
      <a className="button" href={`/api/v1/events/${encodeURIComponent(event.event_id)}/packets`} title={t("events.packetsHint")} download>
        <Icon name="download" size={14} /> {t("events.packets")}
      </a>
    );
  }
  const why = !recorder.on ? t("events.packetsOff") : recorder.oldest === null ? t("events.packetsNone") : t("events.packetsGone", { oldest: time(recorder.oldest) });
  return (
    <button type="button" className="button" disabled title={why}>
      <Icon name="download" size={14} /> {t("events.packets")} <span className="faint">{why}</span>
    </button>
  );
}
