#include "score_trial.hpp"

#include <memory>

#include "data.hpp"

namespace hdq::bench {

Trial score_trial(const Settings& settings, const ScoreCase& scored) {
  const Codec codec(scored.dimension, scored.bits, 0, {settings.isa, scored.threads});
  const std::vector<float> queries = structured_rows(scored.queries, scored.dimension, 2);
  auto codes = std::make_shared<Codes>(structured_codes(scored.rows, scored.dimension, scored.bits));
  auto scores = std::make_shared<std::vector<float>>(scored.queries * scored.rows);
  auto scorer = std::make_shared<Scorer>(codec, RowsView<const float>(queries.data(), scored.queries, codec.dimension()));
  Trial trial;
  trial.amount = static_cast<double>(scored.rows * codec.code_bytes() * scored.queries);
  trial.pass = [=, metric = scored.metric] {
    const auto scan = [&] { scorer->score(metric, {codes->norms, codes->codes, 0}, {scores->data(), scorer->queries(), codes->rows}); };
    return scored.threads == 1 ? seconds(scan) : seconds_of_threads(scan);
  };
  return trial;
}

}  // namespace hdq::bench
