#include "evaluation/example_prompts.h"

namespace suffice {
namespace {

const PromptKind kExtraction{
    "extraction", {0.90, 0.97, 1.05}, 60, false,
    {{0.10, "Pull the order number out of this line: 'Your parcel 88-4102 left the depot on Monday.'"},
     {0.12, "Which email address appears in: 'Write to maya.holt@fernway.example before Friday'?"},
     {0.15, "List the dates mentioned: 'The lease began on 3 May 2021 and was renewed on 1 June 2023.'"},
     {0.18, "Extract the total and the currency from: 'Amount due: EUR 1,249.50 within 14 days'."},
     {0.22, "Give me the names of all people in: 'Tomas met Ines and the two Kowalski brothers at the pier.'"},
     {0.25, "Return the phone numbers as a JSON array: 'Desk 020 5550 1188, mobile 07700 900 612, fax none.'"},
     {0.30, "From this signature, fill name, role, company: 'R. Okafor | Head of Mills, Dunmore Paper Ltd'."},
     {0.35, "Extract every ingredient with its amount from: 'two eggs, a pinch of salt, 250 g flour, milk as needed'."},
     {0.40, "Turn the sentence into fields departure, arrival, stops: 'The 7:40 from Leeds calls at York and Durham.'"},
     {0.45, "Find the clause that names the notice period: 'Either side may end this on ninety days' written word.'"},
     {0.50, "Extract drug, dose and frequency: 'start metformin 500 mg bd, up to 1 g bd after two weeks if "
            "tolerated'."},
     {0.58, "List who owes what to whom: 'Ana paid for Bo's ticket, Bo covered dinner for the three of them, Cy paid "
            "none.'"},
     {0.65, "From the log line give service, error class and root cause: 'ord-svc E502 upstream pay-gw reset; cert "
            "expired'."},
     {0.72, "Extract all obligations with their deadlines: 'Unless waived, the tenant paints yearly, or pays within "
            "a month of exit.'"},
     {0.80, "Resolve every 'it' in: 'The pump fed the tank until it cracked, so they drained it and sold it.' Give a "
            "table."}}};

const PromptKind kSummarising{
    "summarising", {0.74, 0.90, 0.98}, 130, true,
    {{0.15, "Summarise the document above in one sentence."},
     {0.20, "Give the gist of this text to a colleague in two lines."},
     {0.25, "What are the three main points?"},
     {0.28, "Write a headline and a one-line teaser for this."},
     {0.32, "Condense the text to fifty words without losing any figure."},
     {0.36, "Make a bullet list of what was decided and what is still open."},
     {0.40, "Summarise for a reader who knows nothing about the trade."},
     {0.44, "Summarise the text, and keep every name and number exactly as written."},
     {0.48, "Write minutes from these notes: topics, decisions, owners."},
     {0.52, "Summarise only what changed since the earlier plan."},
     {0.58, "Give an executive summary, then list the risks that the text only hints at."},
     {0.64, "Summarise both sides of the disagreement fairly, at equal length."},
     {0.70, "Which claims in the text are backed by evidence, and which are not? Summarise in a table."},
     {0.78, "Write a summary that would be true even if the second half of the text were wrong."},
     {0.85, "Summarise the argument as premises and conclusion, and point out the unstated premise."}}};

const PromptKind kTranslation{
    "translation", {0.72, 0.92, 0.99}, 70, false,
    {{0.08, "Translate to French: good morning, how are you today?"},
     {0.12, "Translate into Spanish: the train leaves at nine from platform two."},
     {0.16, "How do you say 'thank you for waiting' in German?"},
     {0.20, "Translate to Italian: please keep this door closed during the storm."},
     {0.26, "Translate into Portuguese, informal: are you coming to the match on Sunday or not?"},
     {0.32, "Put this into Dutch for a customer letter: we are sorry that your order arrived late."},
     {0.38, "Translate to Polish: the meeting was moved because two of the speakers were ill."},
     {0.44, "Translate this warning into Japanese, polite form: do not touch the panel with wet hands."},
     {0.50, "Translate to Turkish and keep the pun if you can: time flies like an arrow, fruit flies like a banana."},
     {0.55, "Translate the idiom 'to let the cat out of the bag' into six European languages, with literal meanings."},
     {0.60, "Render in legal German: the parties shall indemnify each other save where negligence is shown."},
     {0.68, "Translate into Swahili and back, and explain what was lost: she had been meaning to have it mended."},
     {0.75, "Translate the quatrain into rhymed Russian: the lamp is low, the tide is long, the harbour hums its "
            "evening song."},
     {0.82, "Translate into Welsh, noting every mutation: in Cardiff my father's brother had three small red boats."},
     {0.90, "Translate into classical Latin hexameter: the tired sailor counted stars until the harbour slept."}}};

const PromptKind kArithmetic{
    "arithmetic", {0.55, 0.90, 1.00}, 110, false,
    {{0.05, "What is 17 + 26?"},
     {0.10, "A pen costs 1.20 and a pad 2.35. What do three pens and one pad cost?"},
     {0.16, "What is 15% of 240?"},
     {0.22, "A bath holds 180 litres and fills at 12 litres a minute. How long does it take to fill?"},
     {0.28, "Convert 3 hours 25 minutes to seconds."},
     {0.34, "A shop cuts a price by 20% and then raises it by 20%. A coat was 150. What is it now?"},
     {0.40, "Three friends split a bill of 96.30 so that Ida pays twice what each of the others pays. Who pays what?"},
     {0.46, "What is 487 times 639?"},
     {0.52, "A car uses 6.4 litres per 100 km. How far does it go on 41 litres, and what does that cost at 1.789 a "
            "litre?"},
     {0.58, "Two taps fill a tank in 6 and 9 hours, a drain empties it in 12. All are open. When is it full?"},
     {0.64, "I invest 2,500 at 3.5% compounded monthly for 7 years. What do I have at the end?"},
     {0.70, "How many numbers below 1,000 are divisible by 3 or 5 but not by both?"},
     {0.76, "A bag has 5 red and 7 blue balls. I draw 4 without putting back. What is the chance of exactly two red?"},
     {0.84, "What is the remainder of 7 to the power 222 when divided by 13? Show the cycle."},
     {0.92, "How many ways are there to tile a 3 by 10 board with dominoes? Derive the recurrence."}}};

const PromptKind kProofs{
    "proofs", {0.15, 0.38, 0.86}, 420, false,
    {{0.20, "Prove that the sum of two even numbers is even."},
     {0.26, "Show that the product of two consecutive integers is even."},
     {0.32, "Prove that the square root of two is irrational."},
     {0.38, "Prove by induction that 1 + 2 + ... + n = n(n + 1)/2."},
     {0.44, "Show that there are infinitely many primes."},
     {0.50, "Prove that a tree with n vertices has n - 1 edges."},
     {0.55, "Prove that every bounded monotone sequence of reals converges."},
     {0.60, "Show that among any six people three know each other or three are strangers."},
     {0.66, "Prove the Cauchy-Schwarz inequality and say when equality holds."},
     {0.70, "Show that a continuous function on a closed interval attains its maximum."},
     {0.76, "Prove that the set of real numbers is not countable, and that the algebraic numbers are."},
     {0.82, "Prove that every finite integral domain is a field, then find where finiteness is needed."},
     {0.88, "Show that a group of order 15 is cyclic without quoting the Sylow theorems."},
     {0.93, "Prove that the harmonic numbers are never integers for n > 1."},
     {0.97, "Prove that a convex function on an open interval is differentiable except at countably many points."}}};

const PromptKind kSql{
    "sql", {0.42, 0.82, 0.94}, 160, false,
    {{0.12, "Write SQL that counts the rows of table visits."},
     {0.18, "SQL: all customers from Oslo, newest first. Table customers(id, city, created_at)."},
     {0.24, "Select the ten dearest products from products(name, price)."},
     {0.30, "SQL for revenue per month from orders(id, placed_at, amount)."},
     {0.36, "Find customers without any order: customers(id, name), orders(id, customer_id)."},
     {0.42, "Write a query that returns duplicate emails in users(id, email), ignoring case."},
     {0.48, "Which employees earn more than their manager? employees(id, name, salary, manager_id)."},
     {0.54, "Second highest salary per department, ties included: staff(id, department, salary)."},
     {0.60, "Seven-day moving average of daily sign-ups, with days without sign-ups counted as zero."},
     {0.66, "Pivot sales(region, quarter, amount) to one row per region without a PIVOT keyword."},
     {0.72, "Find gaps in a sequence of invoice numbers with a window function, and explain the plan."},
     {0.78, "Recursive query: all descendants of part 7 in parts(id, parent_id) with depth, safe against cycles."},
     {0.84, "Sessions of at most 30 minutes idle from events(user_id, at): session number, start, length."},
     {0.90, "Rewrite a correlated subquery over 200 million rows so that it uses one index scan; state the index."},
     {0.95, "Overlapping bookings per room as maximal merged intervals in standard SQL, half-open, with time zones."}}};

const PromptKind kDebugging{
    "debugging", {0.30, 0.62, 0.92}, 260, false,
    {{0.18, "Why does Python say 'IndentationError: unexpected indent' on line 3?"},
     {0.24, "My loop prints 0 to 9 but I want 1 to 10: for i in range(10): print(i). Fix it."},
     {0.30, "JavaScript: '2' + 2 gives '22'. Why, and how do I add them?"},
     {0.36, "This C function returns rubbish: int* f() { int x = 3; return &x; } What is wrong?"},
     {0.42, "Why is my list changed after f(xs) in Python when I only sort it inside the function?"},
     {0.48, "git says 'refusing to merge unrelated histories'. What happened and what are my choices?"},
     {0.54, "My React list loses focus at every key press. The items use Math.random() as key. Explain."},
     {0.60, "A Go program hangs with 'all goroutines are asleep - deadlock'. It reads from an unbuffered channel in "
            "main."},
     {0.66, "C++: iterating over a vector and erasing elements crashes now and then. Show two right ways."},
     {0.70, "Our Docker image works on my laptop but not on the server: 'exec format error'. Find the cause and fix "
            "the build."},
     {0.76, "Rust: cannot borrow `*self` as mutable because it is also borrowed as immutable. Restructure the cache "
            "lookup."},
     {0.82, "A float sum differs between runs with four threads. Explain and make it reproducible without losing "
            "speed."},
     {0.87, "A PostgreSQL job deadlocks twice a week: two updates on the same rows in different order. Design the "
            "fix and the test."},
     {0.92, "Heap grows for three days, then drops: a Java service with ThreadLocal, a pool and a custom class "
            "loader. Where to look?"},
     {0.97, "Lock-free stack in C++ passes tests, corrupts under load on ARM. Find the missing ordering and the ABA "
            "problem."}}};

const PromptKind kLegal{
    "legal", {0.40, 0.76, 0.90}, 300, false,
    {{0.22, "What does 'force majeure' mean in plain words?"},
     {0.28, "What is the difference between a lease and a licence?"},
     {0.34, "Can a shop refuse a refund without a receipt? Answer in general terms."},
     {0.40, "Explain 'without prejudice' on a letter to someone who is not a lawyer."},
     {0.46, "What should a small company put in a privacy notice for a newsletter?"},
     {0.52, "Which clauses should I look at before I sign a contract for freelance work?"},
     {0.57, "My landlord wants to enter without notice. Which questions decide whether that is allowed?"},
     {0.62, "Compare a limited company and a partnership for two founders: liability, tax in outline, exit."},
     {0.67, "Draft a non-disclosure clause that survives the end of the contract but not for ever."},
     {0.72, "Is a non-compete for a hairdresser over 50 km and three years likely to stand? Give the tests that "
            "courts use."},
     {0.77, "An employee invented something at home with a company laptop. Who owns it? Set out the arguments."},
     {0.82, "Spot the conflict between clause 4 'time is of the essence' and clause 9 'reasonable endeavours', and "
            "redraft."},
     {0.87, "A buyer resells faulty goods abroad; the contract is silent on law. Which law governs, step by step?"},
     {0.92, "Draft an earn-out clause with anti-manipulation covenants, and explain every choice to the seller."},
     {0.97, "Analyse whether a click-wrap change of arbitration terms binds old users who kept using the service."}}};

const PromptKind kMedical{
    "medical", {0.30, 0.50, 0.90}, 240, false,
    {{0.20, "How much water should an adult drink a day?"},
     {0.26, "What is the difference between a cold and the flu?"},
     {0.32, "I have a mild headache after a long day at the screen. What can I do first?"},
     {0.38, "Can I take ibuprofen on an empty stomach?"},
     {0.44, "My knee hurts when I climb stairs, but not on the flat. What might it be, and who should see it?"},
     {0.50, "My child of four has had 38.6 degrees since yesterday and is drinking well. When should I call someone?"},
     {0.55, "Is it safe to mix an antihistamine for hay fever with a glass of wine?"},
     {0.60, "I felt dizzy twice today after I stood up. I started a blood pressure tablet last week. What should I "
            "ask?"},
     {0.66, "A mole on my back has changed colour over two months. How urgent is it?"},
     {0.70, "Sudden worst headache of my life, and a stiff neck. What now?"},
     {0.75, "My father's speech is slurred since breakfast, and one arm is weak. He wants to sleep it off. What do I "
            "do?"},
     {0.80, "I take warfarin and was given an antibiotic for a tooth. Which combinations matter, and what is checked?"},
     {0.86, "Diabetic, vomiting since last night, sugar 19, breathing fast. Triage this and give the reasons."},
     {0.91, "Chest tightness on stairs for a week, gone at rest, normal ECG yesterday. Explain what that excludes "
            "and what not."},
     {0.96, "Pregnant at 34 weeks, upper belly pain, blurred sight, ankles swollen. What must be thought of, in "
            "which order?"}}};

const PromptKind kCreative{
    "creative", {0.75, 0.90, 0.96}, 340, false,
    {{0.12, "Write a haiku about rain on a tin roof."},
     {0.16, "Give me five names for a bakery that is open at night."},
     {0.20, "Write a birthday rhyme for a friend who loves trains."},
     {0.26, "Describe an empty swimming pool in four sentences."},
     {0.32, "Write the opening line of a detective story set in a library."},
     {0.38, "A short bedtime story about a fox who collects lost gloves."},
     {0.44, "Write a dialogue between a lighthouse and a passing ship."},
     {0.50, "Write a product text for an umbrella, as if by a weary sea captain."},
     {0.56, "A limerick about a statistician, with correct metre."},
     {0.62, "Rewrite the tale of the tortoise and the hare as a quarterly business report."},
     {0.68, "Write a sonnet about waiting for a late bus, in strict form."},
     {0.74, "A story in exactly one hundred words that ends where it began."},
     {0.80, "Write a scene in which two people break up without either of them saying so."},
     {0.86, "A villanelle on forgetting a language, with refrains that change meaning each time."},
     {0.93, "Write a chapter opening in the voice of an unreliable narrator who hides one fact; the reader must be "
            "able to find it."}}};

const PromptKind kSmallTalk{
    "small_talk", {0.98, 0.99, 1.00}, 40, false,
    {{0.02, "Hi there!"},
     {0.03, "How is it going?"},
     {0.05, "Tell me a joke about cats."},
     {0.06, "Good night, talk tomorrow."},
     {0.08, "What should I have for lunch? I am bored of sandwiches."},
     {0.10, "Do you like Mondays?"},
     {0.12, "Thanks, that was helpful!"},
     {0.14, "I just got back from a walk. It is lovely outside."},
     {0.16, "What is a good film for a rainy evening?"},
     {0.18, "My plant died. Cheer me up a little."},
     {0.20, "Which is better, tea or coffee? Pick one."},
     {0.24, "I have a first date tonight. Any last words?"},
     {0.28, "Guess what I am holding: it is round, green and sour."},
     {0.34, "I passed my driving test at the fourth attempt!"},
     {0.40, "I moved to a new town and know nobody here yet."}}};

const PromptKind kClassification{
    "classification", {0.85, 0.95, 0.99}, 20, false,
    {{0.08, "Positive or negative: 'The soup was cold and so was the waiter.'"},
     {0.11, "Is this spam? 'You have WON a free cruise, reply with your card number.'"},
     {0.15, "Which language is this: 'Jeg kommer hjem i morgen'?"},
     {0.19, "Label the intent as refund, delivery or other: 'where is my parcel, it was due on Tuesday'."},
     {0.24, "Sort into fruit, tool or animal: hammer, plum, otter, chisel, fig."},
     {0.30, "Urgent or not: 'The lift is stuck between floors with nobody in it.'"},
     {0.36, "Tag the topic as sport, politics or business: 'Club sells its stadium to pay off the council.'"},
     {0.42, "Is the tone sincere or sarcastic: 'Great, another meeting about meetings.'"},
     {0.48, "Does the second sentence follow from the first? 'All the lamps are lit. The hall lamp is lit.'"},
     {0.54, "Rate the claim as fact, opinion or forecast: 'Rents will have doubled before the bridge is finished.'"},
     {0.60, "Give the customs category for 'knitted cotton gloves, coated palm, for gardening', with a reason."},
     {0.66, "Which fallacy is it: 'Everyone who disagrees has something to sell'?"},
     {0.72, "Classify by severity 1 to 4: 'Login works, but every tenth user sees another user's name for a second.'"},
     {0.80, "Does this break the policy 'no medical promises'? 'Our tea has been part of many happy recoveries.'"},
     {0.88, "Entailment, contradiction or neutral: 'Few of those who voted early changed it.' / 'Some voters did not "
            "change it.'"}}};

const PromptKind kPlanning{
    "planning", {0.50, 0.84, 0.94}, 360, false,
    {{0.16, "Make a packing list for a weekend at the sea."},
     {0.22, "Plan three dinners for two people with a single shopping trip."},
     {0.28, "A morning routine of 30 minutes that includes a walk."},
     {0.34, "Plan a birthday party for eight children in a small flat."},
     {0.40, "Suggest a two-day visit to Lisbon without a car and without museums."},
     {0.46, "Plan how to learn to swim as an adult in twelve weeks."},
     {0.52, "Make a study plan for two exams that are nine days apart, with work on weekdays."},
     {0.57, "Plan an office move for 40 people over one weekend; phones must work on Monday."},
     {0.62, "Split a garden fence job into steps with tools, cost in outline, and what needs dry weather."},
     {0.67, "Plan the launch of a newsletter: milestones, owners, and what would make us stop."},
     {0.73, "Schedule five tasks with dependencies A->C, B->C, C->E, D->E on two people, and give the critical path."},
     {0.79, "Plan the migration of a live database with no downtime, with a way back at each step."},
     {0.85, "Rota for 7 nurses over 14 days: two per night, no three nights in a row, wishes as given; show that it "
            "is fair."},
     {0.91, "Plan a product recall in three countries with different notice rules; order the steps by legal deadline."},
     {0.96, "Plan a field trial with 12 plots, two treatments and a slope, so that the result stands up to a "
            "statistician."}}};

const PromptKind kDataCleaning{
    "data_cleaning", {0.60, 0.90, 0.97}, 140, false,
    {{0.10, "Put these dates into ISO form: 3/4/2022 (British), 12 May 19, 1.6.2020."},
     {0.15, "Make the names consistent: 'SMITH, john', 'Ana  Lopez', 'o'neill sean'."},
     {0.20, "Remove duplicates from: apple, Apple , pear, apples, PEAR."},
     {0.26, "Convert to kilograms: 3 lb, 250 g, half a stone, 1.2 kg."},
     {0.32, "Split 'Flat 3, 12 High St, Leeds LS1 4AB' into street, city and postcode columns."},
     {0.38, "Write a regular expression that accepts 24-hour times such as 07:05 and 23:59, but not 24:00."},
     {0.44, "Turn this table pasted from an email into CSV: 'Item Qty | bolts 40 | nuts, hex 35 | washers -'."},
     {0.50, "Which of these values are outliers, and why: 12, 14, 13, 15, 140, 13, 1.4?"},
     {0.56, "Normalise the phone numbers to international form: 0171 555 0100 (UK), (212) 555-0187, 06 12 34 56 78 "
            "(France)."},
     {0.61, "The column mixes 1,234.50 and 1.234,50. Give rules that decide which is which, and the unclear cases."},
     {0.67, "Write pandas code that fills gaps of at most three hours in a sensor series and flags longer ones."},
     {0.73, "Match company names across two lists: 'Intl. Bearings GmbH', 'International Bearings', 'Bearings Intl "
            "(DE)'."},
     {0.79, "Rows were exported twice with different encodings. Detect and repair 'GrÃ¼n' without harming valid text."},
     {0.86, "Design deduplication of 40 million patient records without a common key: blocking, scores, review queue."},
     {0.92, "A join lost 3% of rows and nobody knows which. Design the checks that would have caught it, in order of "
            "cost."}}};

const PromptKind kMultiHop{
    "multi_hop", {0.20, 0.42, 0.88}, 220, false,
    {{0.22, "Ben is older than Cora, Cora is older than Dev. Who is the youngest?"},
     {0.28, "If the day after tomorrow is Friday, what day was yesterday?"},
     {0.34, "The capital of the country that borders only Spain on land lies on which river?"},
     {0.40, "Four boxes: red is left of blue, green is right of blue, yellow is first. Which is third?"},
     {0.46, "Which planet has more moons, the one named after the god of the sea or the one after the god of war?"},
     {0.52, "A says B lies. B says C lies. C says both A and B lie. Who tells the truth?"},
     {0.57, "Which came first: the death of the author of Hamlet or the birth of the author of Principia?"},
     {0.62, "Five runners: P beat Q, R was third, S came straight after P, T was not last. Give the order."},
     {0.67, "The river through the city that hosted the 1900 Olympics flows into which body of water, beside which "
            "port?"},
     {0.72, "Seven people sit round a table; no two sisters sit together; the pairs are given. How many seatings are "
            "there?"},
     {0.77, "Trace it: I am my mother's brother's only nephew's daughter's guardian. Who may I be?"},
     {0.82, "Three switches, one lamp upstairs, one trip. Generalise to n switches, and say how many trips are "
            "needed."},
     {0.87, "If the chemist who isolated the element used in old thermometers' successors had not, which lamp would "
            "be missing?"},
     {0.92, "A hundred prisoners, two hats colours, one line: give the strategy and prove how many are saved."},
     {0.96, "Work out who owns the zebra when two of the fifteen clues are false and you are told only which houses "
            "they name."}}};

const PromptKind kLongContext{
    "long_context", {0.38, 0.62, 0.93}, 90, true,
    {{0.16, "Which place is named first in the document?"},
     {0.22, "How many people are named in the text?"},
     {0.28, "What was the largest sum of money mentioned?"},
     {0.34, "Who is responsible for the next step?"},
     {0.40, "Which of the deliveries was late, and by how much?"},
     {0.46, "Does the text say why the price changed? Quote the sentence."},
     {0.52, "List all deadlines in order of time."},
     {0.57, "What is said about the harbour, and what about the mill? Keep them apart."},
     {0.62, "Which two sentences contradict each other?"},
     {0.67, "Which question was asked and never answered?"},
     {0.72, "If the second delivery had come on time, what would have been different? Use only the text."},
     {0.77, "Count how often each person is mentioned, pronouns included."},
     {0.83, "Which statement would an auditor doubt first, and which figures in the text support the doubt?"},
     {0.88, "Rebuild the order of events from the text, marking what is certain and what is inferred."},
     {0.94, "Find the one sentence whose removal would change who is to blame, and argue for it."}}};

}  // namespace

const std::vector<PromptKind>& ExamplePromptKinds() {
  static const std::vector<PromptKind> kinds{
      kExtraction, kSummarising, kTranslation, kArithmetic,     kProofs,   kSql,          kDebugging, kLegal,
      kMedical,    kCreative,    kSmallTalk,   kClassification, kPlanning, kDataCleaning, kMultiHop,  kLongContext};
  return kinds;
}

const std::vector<std::string_view>& ExampleDocumentSentences() {
  static const std::vector<std::string_view> sentences{
      "The harbour office closed its books on the last day of March.",
      "Two of the three deliveries of timber came on time; the second was nine days late.",
      "Mrs Adeyemi asked who had signed for the pallets, and nobody could say.",
      "The mill ran at half its speed while the new shaft was fitted.",
      "A surveyor from Bergen put the damage at 41,500 kroner.",
      "By then the price of diesel had risen twice, once because of the strike.",
      "The board wants a decision before the autumn tides.",
      "Piet kept his own list, which did not agree with the ledger.",
      "Nothing was paid for the month of May.",
      "The insurer answered with a form of eleven pages.",
      "In the first week the crew counted 312 crates, in the second 287.",
      "The council approved the crane, but not the road to it.",
      "Ms Laurent will write to the supplier by Thursday.",
      "It had been agreed that the cold store would stay below four degrees.",
      "According to the night watch, the gate stood open until six.",
      "The old contract ends in December, the new one starts in February.",
      "Rain delayed the painting of the north wall.",
      "Both foremen say that they gave the order.",
      "A second estimate came to 38,900 kroner without the pump.",
      "The apprentices were trained on the small saw first.",
      "No minutes were kept of the meeting in the canteen.",
      "The bank lent 120,000 at four per cent for six years.",
      "One container was opened by customs and resealed.",
      "The tide tables for the week were missing from the file.",
      "Mr Sato offered to take the remaining stock at cost.",
      "Every fifth plank had to be cut again.",
      "The ferry company changed its timetable without notice.",
      "A copy of the letter is with the notary in Porto.",
      "The scales were last checked the year before.",
      "Whoever locks the shed must also sign the book.",
      "The union asked for two days' rest after each night shift.",
      "The figures for June include a payment that belongs to July.",
      "Spare parts for the winch take five weeks to arrive.",
      "The visitors from Gdansk were shown the dry dock.",
      "Half of the deposit was returned in cash.",
      "Until the roof is mended, the paper stock stays in the chapel.",
      "The engineer advised against starting both pumps at once.",
      "Three neighbours complained about the noise, one of them in writing.",
      "The harbour master says that the gate was locked at ten.",
      "An auditor is due on the second Monday of September."};
  return sentences;
}

}  // namespace suffice
