// SPDX-License-Identifier: Apache-2.0
// A course from 0 to 100 as a small line beside its number, which says the rest.
import "./risk.css";

const WIDTH = 120;
const HEIGHT = 24;

export function Spark({ values, className = "" }: { values: number[]; className?: string }) {
  if (values.length < 2) return null;
  const points = values.map((value, at) => `${((at / (values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 1 - (value / 100) * (HEIGHT - 3)).toFixed(1)}`);
  return (
    <svg className={`spark ${className}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polygon className="spark-area" points={`0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`} />
      <polyline className="spark-line" points={points.join(" ")} />
    </svg>
  );
}
