//! A summary made by several processes, on the dataflow engine `timely`.

mod connect;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::convert::Infallible;
use core::time::Duration;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process;
use std::sync::mpsc::{self, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};
use timely::WorkerConfig;
use timely::communication::allocator::zero_copy::bytes_slab::BytesRefill;
use timely::communication::allocator::zero_copy::initialize::initialize_networking_from_sockets;
use timely::communication::allocator::{GenericBuilder, Process};
use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::Exchange;
use timely::dataflow::operators::generic::Operator;
use timely::dataflow::operators::generic::operator::source;
use timely::scheduling::Scheduler;
use timely::scheduling::activate::SyncActivator;

use super::tally::Tally;
use super::{Options, SummaryLog, SummaryLogs, print};
use crate::arguments::exit_with_mistake;
use crate::input::Input;
use crate::input::threads::{self, Collector};

/// Exit status if the report is missing because another process is.
const INCOMPLETE: i32 = 3;
/// Delay before a process that gives up ends, so that the others see first the process that was lost.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// The result for one file: its index among the inputs, its tally, and `true` if all of it could be read.
type Counted = (usize, Tally, bool);

/// The options of a run over several machines.
#[derive(clap::Args)]
pub(crate) struct Cluster {
    /// Let processes on several machines read a share of the files each, for one summary
    ///
    /// Start the same command once for each address, with the addresses in the same order:
    ///
    ///   on the machine `one`:  tor-streams --cluster one:4000,two:4000 --process 0 logs/*
    ///   on the machine `two`:  tor-streams --cluster one:4000,two:4000 --process 1 logs/*
    ///
    /// Of N processes, process I reads the files I, I+N, I+2N and so on of the list, counted
    /// from 0, with as many threads as --jobs says. The list has to be the same for all, but a file has to
    /// exist only where it is read. What cannot be read is reported by the process that reads
    /// it, which then ends with exit status 1, as does process 0. That one prints what one
    /// process alone would print, the others print nothing.
    ///
    /// If a process does not come up, or ends before the summary is complete, all others end
    /// with exit status 3, and no summary is printed.
    ///
    /// The connections are neither encrypted nor authenticated, and tell which hosts were asked
    /// for: use a network that you trust, or a tunnel.
    #[arg(long, help_heading = "Cluster", value_name = "HOST:PORT,...", requires = "process", conflicts_with = "join")]
    #[arg(value_delimiter = ',', value_parser = address, verbatim_doc_comment)]
    cluster: Vec<String>,
    /// Which of the addresses is that of this process, counted from 0
    #[arg(long, help_heading = "Cluster", value_name = "I", requires = "cluster")]
    process: Option<u16>,
    /// Time to wait for the other processes to come up
    #[arg(long, help_heading = "Cluster", value_name = "SECONDS", default_value_t = 60, requires = "cluster")]
    cluster_wait: u32,
}

impl Cluster {
    /// Returns the number of this process. `None` without a cluster. Ends the program if the process has no address.
    pub(super) fn process(&self) -> Option<u16> {
        let process = self.process?;
        if usize::from(process) >= self.cluster.len() {
            let message = format!("--process {process}, but --cluster has {} addresses, from 0", self.cluster.len());
            exit_with_mistake(clap::error::ErrorKind::ValueValidation, &message);
        }
        Some(process)
    }
}

/// Returns an address of the command line, checked to have a port.
fn address(text: &str) -> Result<String, &'static str> {
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.map(|_| text.into()).ok_or("expected HOST:PORT")
}

/// Collector of this process: sends the tally of each file to process 0.
struct Sending {
    /// Channel to the worker thread.
    counted: mpsc::Sender<Counted>,
    /// Handle that wakes the worker.
    activator: SyncActivator,
    /// Set while all logs were in order so far.
    in_order: bool,
}

impl Collector<SummaryLog> for Sending {
    fn print(&mut self, rows: Infallible) -> io::Result<()> {
        match rows {}
    }

    fn log(&mut self, log: SummaryLog, index: usize, all_read: bool) -> io::Result<()> {
        let (tally, in_order) = log.finish();
        self.in_order &= in_order;
        self.counted.send((index, tally, all_read & in_order)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        self.activator.activate().map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Reads this process's share of the files. Process 0 prints the summary of all. Returns `false` if a file or a line
/// could not be read: by this process, or, for process 0, by any.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn run(process: u16, options: Options) -> io::Result<bool> {
    let (inputs, listed) = options.read.inputs.list();
    let wait = Duration::from_secs(options.cluster.cluster_wait.into());
    let greeting = connect::Greeting { run: fingerprint(&options, &inputs), process };
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let logs = SummaryLogs::new(&options.read.filter, options.streams, &names);
    let Options { read, json, top, streams, cluster, .. } = options;
    let limit = streams.max_live;
    let (read, hosts, files) = (Arc::new(read), cluster.cluster, inputs.len());
    let sockets = connect::connect(&hosts, &greeting, wait).unwrap_or_else(|error| give_up(format_args!("{error}")));

    let (this, processes) = (usize::from(process), hosts.len());
    give_up_with_others(hosts);
    let refill = BytesRefill { logic: Arc::new(|size| Box::new(vec![0; size])), limit: None };
    // One worker for each process: it only sends the results of the reader threads.
    let network = initialize_networking_from_sockets::<_, Process>(sockets, this, 1, refill, Arc::new(|_| None));
    let (builders, guard) = network.unwrap_or_else(|error| give_up(format_args!("{error}")));
    let builders = builders.into_iter().map(GenericBuilder::ZeroCopy).collect();

    let (counted_here, to_send) = mpsc::channel();
    let to_send = Mutex::new(Some(to_send));
    let (activators, activator) = mpsc::channel();
    let (sender, counted) = mpsc::channel();
    let workers = timely::execute::execute_from(builders, Box::new(guard), WorkerConfig::default(), move |worker| {
        // There is only one worker.
        let to_send = to_send.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (activators, sender) = (activators.clone(), sender.clone());
        worker.dataflow::<u64, _, _>(|scope| {
            let tallies =
                source::<_, CapacityContainerBuilder<Vec<Counted>>, _, _>(scope, "read", |capability, info| {
                    // The reader waits for the activator.
                    let _ = activators.send(scope.sync_activator_for(info.address.to_vec()));
                    let mut sending = to_send.map(|to_send| (to_send, capability));
                    move |output| {
                        while let Some((to_send, capability)) = &sending {
                            match to_send.try_recv() {
                                Ok(counted) => output.session(capability).give(counted),
                                Err(TryRecvError::Empty) => return,
                                Err(TryRecvError::Disconnected) => sending = None,
                            }
                        }
                    }
                });
            tallies.sink(Exchange::new(|_| 0), "merge", move |(input, _)| {
                input.for_each(|_, counted| {
                    for counted in counted.drain(..) {
                        // The receiver lives until all workers have ended.
                        let _ = sender.send(counted);
                    }
                });
            });
        });
    });
    let workers = workers.unwrap_or_else(|error| give_up(format_args!("{error}")));

    let share = inputs.into_iter().enumerate().filter(|(index, _)| index % processes == this).collect();
    let reading = Arc::clone(&read);
    let reading = thread::spawn(move || {
        let activator: SyncActivator = activator.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
        let mut sending = Sending { counted: counted_here, activator, in_order: true };
        let all_read = threads::read(&reading, share, logs, &mut sending).map(|all_read| all_read && sending.in_order);
        // A closed channel ends the worker.
        drop(sending.counted);
        sending.activator.activate().map_err(|_| io::ErrorKind::BrokenPipe)?;
        all_read
    });
    let (all, all_read) = merged(&counted, limit);
    let own_read = match reading.join() {
        Ok(Ok(all_read)) => all_read,
        Ok(Err(error)) => give_up(format_args!("{error}")),
        Err(_) => give_up(format_args!("a thread ended early")),
    };
    // This also joins the threads that send and receive, so the others get all they still need of this process.
    workers.join();
    drop(panic::take_hook());
    if process == 0 {
        print(json, &all, files, top)?;
        return Ok(listed && all_read);
    }
    Ok(listed && own_read)
}

/// Merges tallies in the order of their files, which decides the targets and circuits beyond a limit.
fn merged(counted: &mpsc::Receiver<Counted>, limit: usize) -> (Tally, bool) {
    let (mut all, mut all_read) = (Tally::default(), true);
    let (mut early, mut next) = (BTreeMap::new(), 0);
    for (index, tally, read) in counted {
        all_read &= read;
        early.insert(index, tally);
        while let Some(tally) = early.remove(&next) {
            all.merge(tally, limit);
            next += 1;
        }
    }
    (all, all_read)
}

/// Returns a hash of the state that all processes of a run share: version, addresses, files, options.
fn fingerprint(options: &Options, inputs: &[Input]) -> [u8; 32] {
    let names: Vec<_> = inputs.iter().map(|input| &input.name).collect();
    let read = &options.read;
    let how = (&read.layout, &read.filter, read.lenient, options.streams);
    let parts = (env!("CARGO_PKG_VERSION"), &options.cluster.cluster, names, how);
    Sha256::digest(format!("{parts:?}")).into()
}

/// Makes the end of another process end this one. By default `timely` panics in the thread that detects it, and the
/// workers wait without end.
fn give_up_with_others(hosts: Vec<String>) {
    panic::set_hook(Box::new(move |panic| {
        let thread = thread::current();
        let name = thread.name().unwrap_or_default();
        let number = name.strip_prefix("timely:recv-").or(name.strip_prefix("timely:send-"));
        let process = number.and_then(|number| number.parse::<usize>().ok());
        match process.and_then(|process| Some((process, hosts.get(process)?))) {
            Some((process, host)) => give_up(format_args!(
                "process {process} ({host}) ended before the summary was complete: {}",
                cause(panic)
            )),
            None => give_up(format_args!("{panic}")),
        }
    }));
}

/// Returns the message of `timely` about a lost connection.
fn cause<'p>(panic: &'p PanicHookInfo<'_>) -> &'p str {
    let message = panic.payload().downcast_ref::<String>().map_or("unknown cause", String::as_str);
    message.strip_prefix("timely communication error: ").unwrap_or(message)
}

/// Ends this process, with the message of the first thread that calls this function.
fn give_up(message: core::fmt::Arguments<'_>) -> ! {
    // The lock is held to the end, so that no message follows this one.
    let mut stderr = io::stderr().lock();
    // There is no other place to report a failure.
    let _ = writeln!(stderr, "tor-streams: {message}");
    thread::sleep(LAST_WORDS);
    process::exit(INCOMPLETE)
}
