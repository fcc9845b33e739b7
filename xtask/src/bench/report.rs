//! The samples as a table of medians and ratios, as JSON, and as a chart.

use super::clients::CLIENT_WORK;
use super::work::{Found, GROWTH, WORK, middle};

/// What a server did in one turn.
pub(super) struct Sample {
    pub(super) work: &'static str,
    pub(super) server: &'static str,
    pub(super) found: Found,
}

/// Our programs are called so.
fn is_ours(server: &str) -> bool {
    server.starts_with("ftp-")
}

impl Sample {
    /// Processor time for a unit, in microseconds.
    fn cost(&self) -> f64 {
        self.found.processor / self.found.units * 1e6
    }

    fn rate(&self) -> f64 {
        self.found.units / self.found.seconds
    }
}

/// All turns of a server at one kind of work.
struct Line {
    server: &'static str,
    cost: f64,
    least: f64,
    most: f64,
    rate: f64,
    middle: f64,
    memory: Option<f64>,
}

fn lines(samples: &[Sample], work: &str) -> Vec<Line> {
    let mut servers: Vec<&'static str> = Vec::new();
    for sample in samples.iter().filter(|sample| sample.work == work) {
        if !servers.contains(&sample.server) {
            servers.push(sample.server);
        }
    }
    let line = |server: &&'static str| {
        let own: Vec<_> =
            samples.iter().filter(|sample| sample.work == work && sample.server == *server).collect();
        let of = |value: fn(&Sample) -> f64| own.iter().map(|sample| value(sample)).collect::<Vec<_>>();
        let mut costs = of(Sample::cost);
        let cost = middle(&mut costs);
        let mut memory: Vec<f64> = own.iter().filter_map(|sample| sample.found.memory).collect();
        Line {
            server,
            cost,
            least: costs.first().copied().unwrap_or_default(),
            most: costs.last().copied().unwrap_or_default(),
            rate: middle(&mut of(Sample::rate)),
            middle: middle(&mut of(|sample| sample.found.middle)),
            memory: (!memory.is_empty()).then(|| middle(&mut memory)),
        }
    };
    servers.iter().map(line).collect()
}

fn best(lines: &[Line], value: fn(&Line) -> Option<f64>) -> Option<f64> {
    let peers = lines.iter().filter(|line| !is_ours(line.server)).filter_map(value);
    peers.min_by(f64::total_cmp)
}

/// For each kind of work a line for each server: processor time for a unit, its range, its ratio to the best peer, rate, and
/// the middle time of an operation.
pub(super) fn table(samples: &[Sample]) -> String {
    let mut text = format!(
        "{:<32}{:<20}{:>12}{:>24}{:>8}{:>14}{:>12}{:>14}{:>8}\n",
        "work", "server", "CPU us", "range", "ratio", "units/s", "middle us", "octets each", "ratio"
    );
    let of_servers = WORK.iter().chain(GROWTH).map(|work| (work.name, work.unit));
    let of_clients = CLIENT_WORK.iter().map(|&(name, unit, _)| (name, unit));
    for (name, unit) in of_servers.chain(of_clients) {
        let lines = lines(samples, name);
        let (cheapest, smallest) = (best(&lines, |line| Some(line.cost)), best(&lines, |line| line.memory));
        for line in &lines {
            let ratio = |value: f64, best: Option<f64>| {
                best.map_or(String::new(), |best| format!("{:.2}", value / best))
            };
            let memory = line.memory.map_or(String::new(), |memory| format!("{memory:.0}"));
            let memory_ratio = line.memory.map_or(String::new(), |memory| ratio(memory, smallest));
            text.push_str(&format!(
                "{:<32}{:<20}{:>12.3}{:>24}{:>8}{:>14.1}{:>12.1}{memory:>14}{memory_ratio:>8}\n",
                format!("{name}, a {unit}"),
                line.server,
                line.cost,
                format!("{:.3} to {:.3}", line.least, line.most),
                ratio(line.cost, cheapest),
                line.rate,
                line.middle * 1e6,
            ));
        }
    }
    text
}

pub(super) fn json(samples: &[Sample]) -> String {
    let samples: Vec<_> = samples
        .iter()
        .map(|sample| {
            let Found { units, seconds, processor, middle, memory } = sample.found;
            serde_json::json!({
                "work": sample.work, "server": sample.server, "units": units, "seconds": seconds,
                "processor_seconds": processor, "middle_seconds": middle, "memory_octets": memory,
            })
        })
        .collect();
    serde_json::json!(samples).to_string()
}

/// The height of a bar and the width of all of them, in pixels.
const BAR: usize = 12;
const WIDTH: f64 = 420.0;
/// Ratios beyond this are cut off.
const MOST: f64 = 2.0;

/// For each kind of work a bar for each of our servers: how much processor time it takes, with the best peer's as 1.
pub(super) fn chart(samples: &[Sample]) -> String {
    let mut bars = String::new();
    let mut y = 30;
    for work in WORK {
        let lines = lines(samples, work.name);
        let Some(best) = best(&lines, |line| Some(line.cost)) else { continue };
        bars.push_str(&format!(
            "<text x=\"172\" y=\"{}\" text-anchor=\"end\">{}</text>\n",
            y + BAR,
            work.name
        ));
        for (line, colour) in lines.iter().filter(|line| is_ours(line.server)).zip(["#3572a5", "#7fb3d5"]) {
            let ratio = line.cost / best;
            let width = WIDTH * ratio.min(MOST) / MOST;
            bars.push_str(&format!(
                "<rect x=\"180\" y=\"{y}\" width=\"{width:.0}\" height=\"{BAR}\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"{}\">{ratio:.2}</text>\n",
                185.0 + width,
                y + BAR - 2
            ));
            y += BAR + 1;
        }
        y += 6;
    }
    let one = 180.0 + WIDTH / MOST;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"660\" height=\"{}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <text x=\"180\" y=\"18\">processor time for the same work; the line is the best of the other servers (tokio dark, mio light)</text>\n\
         {bars}<line x1=\"{one:.0}\" y1=\"24\" x2=\"{one:.0}\" y2=\"{y}\" stroke=\"black\"/>\n</svg>\n",
        y + 10
    )
}
