//! Processes that the benchmark starts, and what Linux tells about them.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::Outcome;

/// Ended when it is dropped.
pub(crate) struct Process {
    child: Child,
    id: u32,
}

/// Bytes of memory in use, now and at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Memory {
    pub now: u64,
    pub peak: u64,
}

/// In which `/proc` counts CPU time; the same on every architecture that Linux runs on today.
const TICK: Duration = Duration::from_millis(10);

impl Process {
    /// Whatever it writes goes to the file `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> Outcome<Self> {
        let log = fs::File::create(log)?;
        command.stdout(log.try_clone()?).stderr(log);
        Self::spawn(command)
    }

    pub(crate) fn spawn(mut command: Command) -> Outcome<Self> {
        let program = command.as_std().get_program().to_owned();
        let child = command.stdin(Stdio::null()).kill_on_drop(true).spawn();
        let child = child.map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let id = child.id().ok_or("a process ended as soon as it began")?;
        Ok(Self { child, id })
    }

    pub(crate) fn output(&mut self) -> Option<tokio::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Whether it has ended by itself.
    pub(crate) fn ended(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// Ends it and waits until it is gone, and its memory and ports with it.
    pub(crate) async fn end(mut self) -> Outcome {
        Ok(self.child.kill().await?)
    }

    /// In user and in kernel mode, over all threads since the start.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        Ok(Stat::of(self.id)?.own)
    }

    pub(crate) fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id))?;
        Ok(memory_of(&status).ok_or("/proc/PID/status reads unlike proc(5)")?)
    }
}

/// CPU time of a process and of its children, those that have ended too.
pub(crate) fn cpu_of_family(parent: u32) -> Outcome<Duration> {
    let Stat { own, ended_children, .. } = Stat::of(parent)?;
    let mut sum = own + ended_children;
    for entry in fs::read_dir("/proc")? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // Whoever ends meanwhile is no child any more.
        if let Ok(child) = Stat::of(id)
            && child.parent == parent
        {
            sum += child.own + child.ended_children;
        }
    }
    Ok(sum)
}

/// What `/proc/PID/stat` tells.
#[derive(Debug, PartialEq)]
struct Stat {
    parent: u32,
    own: Duration,
    /// Of children that were waited for.
    ended_children: Duration,
}

impl Stat {
    fn of(id: u32) -> Outcome<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
        Ok(Self::parse(&text).ok_or("/proc/PID/stat reads unlike proc(5)")?)
    }

    /// ppid is the field 4, utime, stime, cutime and cstime are 14 to 17 (proc(5)); the second, the name, can hold spaces and
    /// brackets.
    fn parse(stat: &str) -> Option<Self> {
        let (_, after_name) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
        let ticks = |first| Some(TICK * (number(first)? + number(first + 1)?));
        Some(Self { parent: number(4)?, own: ticks(14)?, ended_children: ticks(16)? })
    }
}

fn memory_of(status: &str) -> Option<Memory> {
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kilobytes * 1024)
    };
    Some(Memory { now: bytes("VmRSS")?, peak: bytes("VmHWM")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_brackets() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194304 100 0 0 0 123 45 6 7 20 0 5 0 1000 2000 300";
        let (own, ended_children) = (Duration::from_millis(1680), Duration::from_millis(130));
        assert_eq!(Stat::parse(stat), Some(Stat { parent: 1, own, ended_children }));
    }

    #[test]
    fn memory_is_read_in_bytes() {
        let status = "Name:\tgateway\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        assert_eq!(memory_of(status), Some(Memory { now: 1 << 20, peak: 2 << 20 }));
    }
}
