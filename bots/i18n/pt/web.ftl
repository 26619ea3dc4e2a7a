# A página no navegador.

web-title = Suisai: fotos viram pinturas
web-tagline = Me dê uma foto e eu a pinto como uma cena de um filme desenhado à mão.
web-skip = Ir para o cavalete
web-drop = Solte uma foto aqui, ou cole
web-choose = Escolher uma foto
web-limits = JPEG, PNG, WebP ou HEIC, até { $mb } MB; { $count } de cada vez
web-chosen = Fotos escolhidas
web-remove = Remover esta foto
web-photo = Sua foto
web-style = Estilo
web-strength = Intensidade
web-barely = sutil
web-boldest = marcante
web-caption = Com suas palavras
web-caption-example = mais suave, #aquarela, 80%…
web-paint = Pintar
web-works = Suas pinturas
web-sending = A caminho…
web-then = Então eu recebo esta automaticamente.
web-done = Aqui está sua pintura.
web-painting-of = A pintura da sua foto
web-compare = Comparar a foto e a pintura
web-before = Foto
web-after = Pintura
web-download = Baixar
web-again = De novo
web-softer = Mais suave
web-stronger = Mais forte
web-other-styles = Outro estilo
web-cancel = Cancelar
web-cancelled = Cancelada.
web-hide = Remover
web-retry = Tentar de novo
web-open = Ver esta inteira
web-zoom = Tamanho real
web-close = Fechar
web-share = Compartilhar
web-download-all = Baixar todas
web-no-photo = Este navegador não tem mais a foto.
web-too-heavy = Essa foto é pesada demais para mim: aguento { $mb } MB no máximo.
web-too-many = { $count ->
    [one] Uma foto de cada vez, por favor: fiquei com a primeira.
   *[other] { $count } fotos de cada vez, por favor: fiquei com as primeiras.
}
web-offline = Sem conexão. Continuo tentando, nada se perde.
web-upload-failed = A foto não chegou. Tente de novo, por favor.
web-unreachable = Agora não consigo chegar ao meu cavalete. Tente de novo daqui a pouco.
web-lost = Esta eu não tenho mais.
web-privacy = Sua foto é apagada assim que a pintura fica pronta; este navegador guarda uma cópia para você comparar. Quem pinta aqui é uma máquina, não uma pessoa.
web-language = Idioma
web-forget = Apagar meus dados
web-forget-question = Apago para sempre todas as suas fotos e pinturas daqui?
web-forget-yes = Sim, apague
web-forget-no = Não, mantenha
web-forgotten = Pronto. Tudo o que era seu foi apagado.
web-noscript = Esta página precisa de JavaScript para receber sua foto.
