import type { Downlink, LinkQuality } from "@confab/sdk";
import { useTranslation } from "react-i18next";
import { Tip } from "../ui/Button";

const bars = {
  good: { count: 3, color: "#5fce93", key: "call.qualityGood" },
  poor: { count: 2, color: "#f0bd66", key: "call.qualityPoor" },
  lost: { count: 1, color: "#ff8a80", key: "call.qualityLost" },
} as const;

/** Three bars: how good somebody's connection is. With figures for one's own. */
export function Signal({
  connection,
  downlink,
  size = 18,
}: {
  connection: LinkQuality;
  downlink?: Downlink | null;
  size?: number;
}) {
  const { t } = useTranslation();
  const { count, color, key } = bars[connection];
  const label = t("call.quality", { level: t(key) });
  const figures = downlink
    ? ` · ${Math.round(downlink.bps / 1000)} kbit/s · ${Math.round(downlink.rttMs)} ms · ${downlink.lossPct.toFixed(1)} %`
    : "";
  return (
    <Tip text={label + figures}>
      <span role="img" aria-label={label} className="grid place-items-center p-1">
        <svg aria-hidden="true" width={size} height={size} viewBox="0 0 18 18">
          {[0, 1, 2].map((bar) => (
            <rect
              key={bar}
              x={2 + bar * 5}
              y={11 - bar * 4}
              width="4"
              height={5 + bar * 4}
              rx="1.5"
              fill={bar < count ? color : "rgb(255 255 255 / 0.25)"}
            />
          ))}
        </svg>
      </span>
    </Tip>
  );
}
